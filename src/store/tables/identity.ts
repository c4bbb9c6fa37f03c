// Which records belong to the same person.
import type { Generated } from 'kysely';

/** A reference of one CRM's record to the record of the same person in another CRM. */
export interface RecordLinksTable {
  crm: string;
  object: string;
  record_id: string;
  to_crm: string;
  to_object: string;
  to_id: string;
}

/**
 * Records to be matched. Rows are only inserted and deleted, never updated, so that inserts wait
 * for no lock.
 */
export interface MatchQueueTable {
  seq: Generated<number>;
  crm: string;
  object: string;
  id: string;
}

/** The settings that all records were last matched with; one row. */
export interface MatchingConfigTable {
  /** Always true: the primary key that allows one row only. */
  singleton: Generated<boolean>;
  hash: string;
}
