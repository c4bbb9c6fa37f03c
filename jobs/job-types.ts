// All jobs in one table: name, payload, options. A payload says *what* is to be looked at, never more: the work itself is in
// Postgres, so that a lost queue costs latency and a job that runs twice finds nothing left to do.
import type { JobsOptions } from 'bullmq';
import { z } from 'zod';

export const QUEUE = 'leadgrade';

const crm = z.strictObject({ crm: z.string().min(1) });
const nothing = z.strictObject({});

/** `priority` is BullMQ's: the smaller the sooner. A written result is worth more than another read. */
export const JOBS = {
  /** Every POLL_SECONDS: rings for what there is to do. Also the sweeper: a lost ring is made up here. */
  poll: { payload: nothing, priority: 1 },
  /** Takes what CRMs have sent: marks who is to be read again, and rings for those who read. */
  'process-inbox': { payload: nothing, priority: 1 },
  /** Gives what sites have sent to the people who did it. */
  'match-site-events': { payload: nothing, priority: 1 },
  /** Reads what webhooks named: a meeting, a company. */
  'fetch-items': { payload: crm, priority: 3 },
  /** Reads the streams that no webhook tells of, between two polls. */
  'poll-fast-streams': { payload: crm, priority: 3 },
  /** Reads what changed in a CRM. */
  'sync-streams': { payload: crm, priority: 5 },
  /** Reads dirty records again. */
  'refresh-records': { payload: crm, priority: 4 },
  /** Scores due leads. */
  'score-leads': { payload: nothing, priority: 3 },
  /** Writes results to a CRM. */
  'write-scores': { payload: crm, priority: 2 },
  /** Does the latest nightly slot if nobody has, or the run that `recompute` opened. */
  nightly: { payload: nothing, priority: 5 },
};

export type JobName = keyof typeof JOBS;
export type JobPayloads = { [N in JobName]: z.infer<(typeof JOBS)[N]['payload']> };

/**
 * How many jobs can run at a time: one of each kind, or one for each CRM. A worker process takes as many: they wait for the CRMs and the
 * store, not the CPU, and where they had to wait for each other, long ones would hold up those that are wanted at once.
 */
export function workerConcurrency(crms: number): number {
  return Object.values(JOBS).reduce((sum, { payload }) => sum + (payload === crm ? crms : 1), 0);
}

// Trouble with a CRM never throws out of a job (failure-policy.ts): what does is trouble with the store, or a defect.
const RETRIES: Pick<JobsOptions, 'attempts' | 'backoff'> = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
};

export interface EnqueueOptions {
  readonly delayMs?: number;
  /** Changes nothing while the same job runs, either: what is asked for is that it comes to its end. */
  readonly unlessRunning?: boolean;
}

const LATER = '-later';

/** Whether a job with this key was rung for with a delay. */
export function isDelayedKey(key: string | undefined): boolean {
  return key?.endsWith(LATER) ?? false;
}

/** @param key rings of a job with the same key are one job */
export function bullJobOptions(
  job: JobName,
  key: string,
  { delayMs = 0, unlessRunning = false }: EnqueueOptions,
): JobsOptions {
  const priority = JOBS[job].priority;
  // A delayed ring has a key of its own, or it would hold back the ones that want to be heard at once; and one for each doubling of
  // the delay, or one for in a minute would hold back one for in three seconds.
  const deduplication =
    delayMs > 0
      ? { id: `${key}-${Math.ceil(Math.log2(delayMs))}${LATER}`, ttl: delayMs }
      : { id: key, keepLastIfActive: !unlessRunning };
  return { ...RETRIES, priority, deduplication, ...(delayMs > 0 ? { delay: delayMs } : {}) };
}
