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
 * The present e-mail addresses of a record, primary and further ones. Those of a tombstone stay
 * until it is erased.
 */
export interface RecordAddressesTable {
  crm: string;
  object: string;
  record_id: string;
  /** In normal form (src/domain/email-address.ts). */
  address: string;
  /** The address without its tag: `anna@acme.example` for `anna+demo@acme.example`. */
  mailbox: string;
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
  /** Addresses that differ only in their tag are the same address. */
  ignores_tags: Generated<boolean>;
}
