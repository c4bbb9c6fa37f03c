// All jobs in one table: name, payload, priority. A payload names a CRM or a number at most. The work items are
// rows in Postgres, so a lost queue costs latency and no data, and a job that runs twice finds
// nothing to do.
import type { JobsOptions } from 'bullmq';
import { z } from 'zod';

export const QUEUE = 'leadgrade';

const crm = z.strictObject({ crm: z.string().min(1) });
const empty = z.strictObject({});
const scorer = z.strictObject({ scorer: z.int().min(2) });

/** `priority` is BullMQ's: lower runs first. Writing a result comes before reading more. */
export const JOBS = {
  /** Every POLL_SECONDS: enqueues the other jobs. Also the sweeper: it repairs a lost trigger. */
  poll: { payload: empty, priority: 1 },
  /** Every 15 seconds: proves to the readiness check that jobs are run. */
  canary: { payload: empty, priority: 1 },
  /** Turns webhook events into dirty records, and enqueues the jobs that read them. */
  'process-inbox': { payload: empty, priority: 1 },
  /** Assigns site events to the records of their people. */
  'match-site-events': { payload: empty, priority: 1 },
  /** Reads items that webhooks named: a meeting, a company. */
  'fetch-items': { payload: crm, priority: 3 },
  /** Reads the streams that have no webhook (forms), between two polls. */
  'poll-fast-streams': { payload: crm, priority: 3 },
  /** Reads the changes of a CRM: every stream from its cursor. */
  'sync-streams': { payload: crm, priority: 5 },
  /** Reads dirty records again, and dates their changed counters. */
  'refresh-records': { payload: crm, priority: 4 },
  /** Scores due leads. */
  'score-leads': { payload: empty, priority: 3 },
  /** Scores due leads in another worker while `score-leads` runs. */
  'score-more-leads': { payload: scorer, priority: 3 },
  /** Writes results to a CRM. */
  'write-scores': { payload: crm, priority: 2 },
  /** Runs the latest nightly slot if it has not run yet, or the run that `recompute` opened. */
  nightly: { payload: empty, priority: 5 },
  /** Deletes old rows, once a night. */
  'purge-old-rows': { payload: empty, priority: 6 },
};

export type JobName = keyof typeof JOBS;
export type JobPayloads = { [N in JobName]: z.infer<(typeof JOBS)[N]['payload']> };

/** Jobs with the same key are deduplicated: one waits, or one runs and one waits. */
export function jobKey(job: JobName, payload: JobPayloads[JobName]): string {
  if ('scorer' in payload) return `${job}-${payload.scorer}`;
  return 'crm' in payload ? `${job}-${payload.crm}` : job;
}

/**
 * Jobs that a worker process runs at a time: one of each kind, or one of each kind and CRM. Jobs
 * wait for the CRMs and the store rather than for the CPU. With fewer, long jobs would block urgent
 * ones.
 */
export function workerConcurrency(crms: number): number {
  return Object.values(JOBS).reduce((sum, { payload }) => sum + (payload === crm ? crms : 1), 0);
}

// Errors of a CRM are handled inside the job (failure-policy.ts). A job throws for errors of the
// store and for defects.
const RETRIES: Pick<JobsOptions, 'attempts' | 'backoff'> = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
};

export interface EnqueueOptions {
  readonly delayMs?: number;
  /** Does nothing while the same job is running: it must finish, not run once more. */
  readonly skipIfActive?: boolean;
}

const DELAYED = '-delayed';

/** Whether a deduplication key is that of a delayed job. */
export function isDelayedKey(key: string | undefined): boolean {
  return key?.endsWith(DELAYED) ?? false;
}

/** @param key jobs with the same key are deduplicated */
export function bullJobOptions(job: JobName, key: string, options: EnqueueOptions): JobsOptions {
  const { skipIfActive = false } = options;
  // BullMQ on Postgres refuses a fraction of a millisecond.
  const delayMs = Math.ceil(options.delayMs ?? 0);
  const priority = JOBS[job].priority;
  // A delayed job has its own key, or it would deduplicate a job that must run at once. There is
  // one key for each doubling of the delay, or a job due in a minute would deduplicate one due in
  // three seconds.
  const deduplication =
    delayMs > 0
      ? { id: `${key}-${Math.ceil(Math.log2(delayMs))}${DELAYED}`, ttl: delayMs }
      : { id: key, keepLastIfActive: !skipIfActive };
  return { ...RETRIES, priority, deduplication, ...(delayMs > 0 ? { delay: delayMs } : {}) };
}
