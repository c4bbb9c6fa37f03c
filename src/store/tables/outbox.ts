// Writes to the CRMs that are not confirmed yet, and what the guard holds back.
import type { Generated } from 'kysely';
import type { Priority } from '../../domain/priority.ts';
import type { ScoreFieldValues } from '../../domain/score-fields.ts';
import type { Instant, Json } from './column-types.ts';

/**
 * One row for each record with a pending write. A newer result replaces a pending one and gets a
 * new `version`.
 */
export interface OutboxTable {
  crm: string;
  object: string;
  record_id: string;
  /** Optimistic lock: a write result counts only for the version that was sent. */
  version: Generated<number>;
  /** The result to be written; null = the fields are to be cleared. */
  result_id: number | null;
  patch: Json<ScoreFieldValues>;
  /** Write priority; lower runs first. */
  priority: Generated<Priority>;
  queued_at: Instant;
  attempts: Generated<number>;
  /** Not to be written before this instant. */
  retry_at: Instant | null;
  /** Lease: the worker that writes the row now. */
  claimed_by: string | null;
  /** End of the lease. */
  claimed_until: Instant | null;
}

/**
 * Bulk jobs that run in a CRM, at most one for each object. The records of its rows are written by
 * no other job until it ends.
 */
export interface BulkWritesTable {
  crm: string;
  object: string;
  /** The CRM's id of the bulk job. */
  crm_job_id: string;
  opened_at: Instant;
  /** When the CRM is asked for the job's state next. */
  next_check_at: Instant;
}

/**
 * The rows of a bulk job, copied from the outbox. The outbox row stays until the result is known.
 */
export interface BulkWriteRowsTable {
  crm: string;
  object: string;
  record_id: string;
  version: number;
  result_id: number | null;
  patch: Json<ScoreFieldValues>;
  attempts: number;
}

/**
 * A lead that a live model has in another band than before, without a change of the model or the settings. The row is
 * deleted when the lead is back or gone, when it is scored with other models or settings, after a day, and when the
 * movement is accepted.
 */
export interface GuardMovesTable {
  lead_id: number;
  /** The key of the model; empty: the first one. */
  model: Generated<string>;
  from_status: string;
  /** The criterion or signal whose points changed most in the direction of the move; null = none did. */
  signal: string | null;
  moved_at: Instant;
}

/** Times in which the guard held all writes; at most one has no end. */
export interface GuardHoldsTable {
  id: Generated<number>;
  since: Instant;
  /** Leads that left their band, and all scored leads, as last counted. */
  moved: number;
  leads: number;
  /** What moved them. */
  message: string;
  ended_at: Instant | null;
  /** Who accepted the movement, or why the hold ended by itself. */
  ended_by: string | null;
}
