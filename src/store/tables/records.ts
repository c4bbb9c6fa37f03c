// Records of the CRMs, the history of their fields, and their presence in the CRM.
import type { Generated } from 'kysely';
import type { Counters } from '../../domain/crm-changes.ts';
import type { Fields } from '../../domain/lead.ts';
import type { Priority } from '../../domain/priority.ts';
import type { ScoreFieldValues, ScoreKey } from '../../domain/score-fields.ts';
import type { Instant, Json } from './column-types.ts';

/**
 * `gone`: deleted in the CRM. `merged`: merged into another record of the same CRM. Both are
 * tombstones.
 */
export type RecordState = 'live' | 'gone' | 'merged';

/** One record of one CRM, as it was last read. */
export interface RecordsTable {
  crm: string;
  object: string;
  id: string;
  lead_id: number;
  state: RecordState;
  /** Id of the surviving record, if merged. */
  merged_into: string | null;
  /** Object of the surviving record; null = the same object. */
  merged_into_object: string | null;
  /** The mapped fields, by canonical name. */
  fields: Json<Fields>;
  company_id: string | null;
  /** The CRM's modification time. */
  modified_at: Instant | null;
  /** When it was last read; null = known by reference only, e.g. from an activity. */
  read_at: Instant | null;
  /** Values of the score fields in the CRM. */
  crm_values: Json<ScoreFieldValues>;
  /** Values of the score fields as Leadgrade last wrote them; null = never written. */
  last_written_values: Json<ScoreFieldValues> | null;
  /**
   * The result that `crm_values` agrees with; null = to be compared with the current result again.
   */
  synced_result_id: number | null;
  /** Dirty flag: the instant from which the record is to be read again; null = clean. */
  dirty_at: Instant | null;
  /** Read priority while dirty; lower runs first. */
  priority: Generated<Priority>;
  /**
   * End of the debounce window: the record was read recently and is not read again before this
   * instant.
   */
  debounced_until: Instant | null;
  /** Lease: the worker that reads the record or dates its counters now. */
  claimed_by: string | null;
  /** End of the lease. */
  claimed_until: Instant | null;
  /** The last full sync that listed the record. */
  last_full_sync_run_id: number | null;
  /**
   * When its personal data was erased because the CRM had erased it. The row stays as a tombstone.
   */
  erased_at: Instant | null;
  /**
   * Values of the CRM's counters at the last read (e.g. page views), by counter; only values above
   * 0.
   */
  counters: Json<Counters>;
  /** When a counter changed whose events are not dated yet; null = all events are dated. */
  counters_changed_at: Instant | null;
}

/** History of the mapped fields: one row for each change. */
export interface FieldValuesTable {
  crm: string;
  object: string;
  record_id: string;
  /** Canonical name, e.g. `contact.email`. */
  field: string;
  value: Json<unknown>;
  /** When the value changed according to the CRM: the modification time of the record. */
  valid_from: Instant;
  /** When Leadgrade read the value. */
  seen_at: Instant;
}

/** Edits of score fields by a user or another app of the CRM. */
export interface FieldConflictsTable {
  id: Generated<number>;
  crm: string;
  object: string;
  record_id: string;
  field: ScoreKey;
  /** The value that Leadgrade had written. */
  ours: Json<string | number | null>;
  /** The value that replaced it. */
  theirs: Json<string | number | null>;
  /** The edit policy in force: whether Leadgrade writes its value again. */
  policy: 'overwrite' | 'respect';
  seen_at: Instant;
}

/**
 * Ids that the running deletion reconciliation has listed so far. A record that is missing at its
 * end was deleted.
 */
export interface CrmRecordListingTable {
  crm: string;
  object: string;
  id: string;
  run_id: number;
}
