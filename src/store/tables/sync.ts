// The state of the sync with each CRM.
import type { Generated } from 'kysely';
import type { Instant, Json } from './column-types.ts';

/** The position of each stream. */
export interface StreamsTable {
  crm: string;
  stream: string;
  /** Where the next page begins; null = at the beginning. */
  cursor: Json<Readonly<Record<string, unknown>>> | null;
  /** The run of the last full sync that started. */
  full_sync_run_id: number | null;
  /** That full sync has not reached the end of the stream yet. */
  full_sync_active: Generated<boolean>;
  /** When the end of the stream was last reached. */
  completed_at: Instant | null;
  /** When its end was last reached before it had to start at its beginning; null = not so. */
  completed_before: Instant | null;
  /** Why the token or the account cannot read the stream; null = it can. */
  unavailable_reason: string | null;
  /** What would make it available, e.g. a scope or a subscription. */
  unavailable_fix: string | null;
  unavailable_since: Instant | null;
  /** When the CRM was last asked for the availability; null = ask at the next sync. */
  availability_checked_at: Instant | null;
  /** Hash of the mapping that its records were read with; another mapping starts a full sync. */
  mapping_hash: string | null;
  /**
   * When the last complete reconciliation began. The next one reads what changed since then once
   * more, and RECONCILE_DAYS before.
   */
  reconciled_at: Instant | null;
  /** When the unfinished comparison of its items began; null = none is running. */
  comparison_started_at: Instant | null;
  /** The position of that comparison. */
  comparison: Json<Readonly<Record<string, unknown>>> | null;
}

/** How far the events of each counter of a record are dated (`DatedCounter`). */
export interface CounterPositionsTable {
  crm: string;
  object: string;
  record_id: string;
  /** The id of the counter's stream. */
  counter: string;
  /** The counter's value after the last dated change. */
  value: number;
  /** The number of the last dated event. It never decreases. */
  last_number: number;
  /** The instant of the last dated change; null = none. */
  dated_at: Instant | null;
  /** The counter's value in the CRM at the time of the dating. */
  crm_value: number;
  /** Events that are dated already are to be returned again, because the mapping changed. */
  redate: Generated<boolean>;
}

/**
 * A CRM that is not read or not written for now: quota used up, token refused, setup incomplete.
 */
export interface CrmPausesTable {
  crm: string;
  /** What is paused. */
  direction: 'read' | 'write';
  /** The kind of the connector error that caused the pause. */
  error_kind: string;
  message: string;
  fix: string | null;
  since: Instant;
  /** When the next attempt is made. */
  until: Instant;
}

/** The account of each CRM's token. Events of another account are ignored. */
export interface CrmAccountsTable {
  crm: string;
  account_id: string;
  seen_at: Instant;
}

/** Processes that run the service. A command delegates its work to them if one is alive. */
export interface WorkerHeartbeatsTable {
  id: string;
  /** Comma-separated. */
  roles: string;
  started_at: Instant;
  heartbeat_at: Instant;
}

/** Mapped fields none of whose properties the CRM has and shows. Their stored values are unknown to a scoring. */
export interface UnreadableFieldsTable {
  crm: string;
  /** The object of the records concerned. */
  object: string;
  /** Canonical name. */
  field: string;
  /** The properties that the mapping reads for it. */
  source: string;
  reason: string;
  fix: string;
  since: Instant;
  /** When the CRM last said so. */
  checked_at: Instant;
}
