// A queue in the test's process: jobs run one after the other, a delayed job when the clock has reached its time. It deduplicates
// as BullMQ does: a job that waits is enqueued once, and a job that is enqueued while it runs runs once more.
// test/jobs/queue/queue-contract.test.ts holds it to the behavior of the real queues.
import type { JobContext } from '../../jobs/context.ts';
import type { JobName } from '../../jobs/job-types.ts';
import { bullJobOptions, isDelayedKey, JOBS } from '../../jobs/job-types.ts';
import { executeJob } from '../../jobs/queue/worker.ts';
import type { Clock } from '../../src/domain/clock.ts';

interface WaitingJob {
  readonly job: JobName;
  readonly payload: object;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly enqueueNow: () => Promise<void>;
}

export interface InMemoryQueue {
  readonly enqueue: JobContext['enqueue'];
  /** Runs what is due by the clock, until nothing is. */
  runUntilIdle(context: JobContext): Promise<void>;
}

/** @param execute runs a job; the default is the processor of the product */
export function createInMemoryQueue(clock: Clock, execute = executeJob): InMemoryQueue {
  const waiting = new Map<string, WaitingJob>();
  let running: string | null = null;
  const nextDue = () => {
    const now = clock.now().getTime();
    const due = [...waiting].filter(([, { at }]) => at <= now);
    return due.toSorted(([, a], [, b]) => JOBS[a.job].priority - JOBS[b.job].priority)[0];
  };
  const enqueue: JobContext['enqueue'] = async (job, payload, manner = {}) => {
    const key = bullJobOptions(job, `${job} ${JSON.stringify(payload)}`, manner).deduplication?.id ?? job;
    if (waiting.has(key) || (manner.skipIfActive === true && running === key)) return;
    const at = clock.now().getTime() + (manner.delayMs ?? 0);
    waiting.set(key, { job, payload, at, enqueueNow: () => enqueue(job, payload) });
  };
  return {
    enqueue,
    runUntilIdle: async (context) => {
      for (let next = nextDue(); next !== undefined; next = nextDue()) {
        const [key, { job, payload, enqueueNow }] = next;
        waiting.delete(key);
        // Like the worker: a delayed job enqueues itself under its normal key.
        if (isDelayedKey(key)) {
          await enqueueNow();
          continue;
        }
        running = key;
        try {
          await execute(context, job, payload);
        } finally {
          running = null;
        }
      }
    },
  };
}
