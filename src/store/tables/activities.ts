// Activities and deals of the records. Rows are never deleted by a sync: a removed one becomes a
// tombstone (`gone_at`).
import type { Fields } from '../../domain/lead.ts';
import type { DealOutcome, DealState } from '../../domain/outcome.ts';
import type { Instant, Json } from './column-types.ts';

/** The activity log: meetings, form submissions, page views ... */
export interface ActivitiesTable {
  crm: string;
  object: string;
  record_id: string;
  /** Unique within the record; the same at each read. */
  id: string;
  /** `records.lead_id` of its record. */
  lead_id: number;
  /** The stream that returned it; `events` for the team's own site. */
  stream: string;
  /** The part of the stream that lists it, if its id does not tell: the id of a form. */
  part: string | null;
  type: string;
  /** When it happened. */
  at: Instant;
  attributes: Json<Fields>;
  /** When Leadgrade first read it. */
  seen_at: Instant;
  /** When its type, date or attributes last changed, or it came back from its tombstone; null = never. */
  changed_at: Instant | null;
  /** Tombstone: when it was missing in the CRM. */
  gone_at: Instant | null;
  /** The last full sync that listed it. */
  last_full_sync_run_id: number | null;
}

/** Deals and lifecycle stages, for the review of the model. They are never scored. */
export interface DealOutcomesTable {
  crm: string;
  object: string;
  record_id: string;
  /** `deal:123`, or `lifecycle`. */
  id: string;
  /** `records.lead_id` of its record. */
  lead_id: number;
  /** The stream that returned it, or `lifecycle`. */
  source: string;
  pipeline: string | null;
  stage: string | null;
  state: DealState;
  amount: number | null;
  /** Three letters, e.g. `EUR`. */
  currency: string | null;
  created_at: Instant | null;
  closed_at: Instant | null;
  /** Past stages, oldest first. */
  stages: Json<DealOutcome['stages']>;
  /** When Leadgrade first read it. */
  seen_at: Instant;
  /** Tombstone: when it was missing in the CRM. */
  gone_at: Instant | null;
  /** The last full sync that listed it. */
  last_full_sync_run_id: number | null;
}

/**
 * Items that the running comparison of a stream has listed so far. A stored item of the compared
 * scope that is missing here at its end no longer exists.
 */
export interface ItemListingTable {
  crm: string;
  stream: string;
  object: string;
  record_id: string;
  /** The id of the activity or of the outcome. */
  id: string;
}
