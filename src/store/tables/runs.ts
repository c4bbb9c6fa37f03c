// Runs of long jobs, the steps that each of them has reached, and jobs that have not ended.
import type { Generated } from 'kysely';
import type { Instant, Json } from './column-types.ts';

export type RunState = 'queued' | 'running' | 'done' | 'failed';

/** One row for each run. (job, slot) is unique, so a nightly slot runs once. */
export interface RunsTable {
  id: Generated<number>;
  job: string;
  /** The date of a nightly run; null for runs that a command started. */
  slot: string | null;
  state: RunState;
  started_at: Instant;
  finished_at: Instant | null;
  heartbeat_at: Instant;
  /** Counters of the run, e.g. `{ "scored": 120 }`. Steps are rows of run_steps. */
  progress: Json<Readonly<Record<string, number>>>;
  error: string | null;
}

export type RunStep =
  /** The run has marked all records and leads that it must process. */
  | 'work-marked'
  /** Per CRM: its streams were read to their end since the work was marked. */
  | 'streams-synced'
  /**
   * Per CRM, nightly: stored links were compared with the CRM. `detail` is the position until then.
   */
  | 'links-reconciled'
  /**
   * Per CRM, nightly: stored records were compared with the CRM's listing. `detail` is the position
   * until then.
   */
  | 'deletions-reconciled'
  /** Per CRM, nightly: streams were read once more. `detail` lists the streams done until then. */
  | 'streams-reconciled'
  /** Per CRM, nightly: `detail` is what the reconciliation found, by stream. */
  | 'reconciliation-findings'
  /** `work-marked`, and `streams-synced` for every CRM. */
  | 'own-work-done'
  | 'records-read'
  | 'counters-dated'
  /** `detail` is the sequence number of the last row of the match queue that the run waits for. */
  | 'match-queue-measured'
  | 'leads-scored'
  /** `detail.moved` is the number of leads that the new thresholds made due again. */
  | 'thresholds-updated'
  /** The leads that became due at `thresholds-updated` are scored. */
  | 'leads-rescored';

export interface RunStepsTable {
  run_id: number;
  step: RunStep;
  /** Empty for steps of the whole run. */
  crm: string;
  /** Null: the step is in progress, and `detail` is the position reached. */
  completed_at: Date | null;
  detail: Json<unknown> | null;
}

/** One row for each job that began. It is deleted when the job ends, however it ends. */
export interface UnfinishedJobsTable {
  /** The deduplication key of the job: its name and CRM. */
  key: string;
  job: string;
  crm: string | null;
  /** How often it began without an end. More than one: its process ended while it ran. */
  starts: number;
  started_at: Instant;
  /** From its third start on: when it may begin again if it does not end. */
  retry_at: Instant;
  /** When it was last not begun, as it was set aside. */
  skipped_at: Instant | null;
}
