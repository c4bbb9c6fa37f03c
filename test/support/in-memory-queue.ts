// A bell that is heard in process: what is rung for runs one job after the other, a delayed ring when the clock has reached it.
// Rings are one ring where the queue would take them for one: a job that waits is not rung for twice, and one rung for while it runs
// runs once more.
import type { JobContext } from '../../jobs/context.ts';
import type { JobName } from '../../jobs/job-types.ts';
import { bullJobOptions, isDelayedKey, JOBS } from '../../jobs/job-types.ts';
import { executeJob } from '../../jobs/queue/worker.ts';
import type { Clock } from '../../src/domain/clock.ts';

interface Rung {
  readonly job: JobName;
  readonly payload: object;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly ringNow: () => Promise<void>;
}

export interface InMemoryQueue {
  readonly enqueue: JobContext['enqueue'];
  /** Runs what is due by the clock, until nothing is. */
  runUntilIdle(context: JobContext): Promise<void>;
}

export function createInMemoryQueue(clock: Clock): InMemoryQueue {
  const waiting = new Map<string, Rung>();
  let running: string | null = null;
  const nextDue = () => {
    const now = clock.now().getTime();
    const due = [...waiting].filter(([, { at }]) => at <= now);
    return due.toSorted(([, a], [, b]) => JOBS[a.job].priority - JOBS[b.job].priority)[0];
  };
  const ring: JobContext['enqueue'] = async (job, payload, manner = {}) => {
    const key = bullJobOptions(job, `${job} ${JSON.stringify(payload)}`, manner).deduplication?.id ?? job;
    if (waiting.has(key) || (manner.unlessRunning === true && running === key)) return;
    const at = clock.now().getTime() + (manner.delayMs ?? 0);
    waiting.set(key, { job, payload, at, ringNow: () => ring(job, payload) });
  };
  return {
    enqueue: ring,
    runUntilIdle: async (context) => {
      for (let next = nextDue(); next !== undefined; next = nextDue()) {
        const [key, { job, payload, ringNow }] = next;
        waiting.delete(key);
        // As the worker does it: what was rung for later is rung for now.
        if (isDelayedKey(key)) {
          await ringNow();
          continue;
        }
        running = key;
        try {
          await executeJob(context, job, payload);
        } finally {
          running = null;
        }
      }
    },
  };
}
