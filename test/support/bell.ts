// A bell that is heard in process: what is rung for runs one job after the other, a delayed ring when the clock has reached it.
// As in the queue, a job that waits is not rung for twice, and one rung for while it runs runs once more.
import type { JobContext } from '../../jobs/context.ts';
import type { JobName } from '../../jobs/queues.ts';
import { JOBS } from '../../jobs/queues.ts';
import { runJob } from '../../jobs/run-jobs.ts';
import type { Clock } from '../../src/domain/clock.ts';

interface Rung {
  readonly job: JobName;
  readonly payload: object;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface InProcessBell {
  readonly ring: JobContext['ring'];
  /** Runs what is due by the clock, until nothing is. */
  settle(context: JobContext): Promise<void>;
}

export function inProcessBell(clock: Clock): InProcessBell {
  const waiting = new Map<string, Rung>();
  const nextDue = () => {
    const now = clock.now().getTime();
    const due = [...waiting].filter(([, { at }]) => at <= now);
    return due.toSorted(([, a], [, b]) => JOBS[a.job].priority - JOBS[b.job].priority)[0];
  };
  return {
    ring: async (job, payload, { delayMs = 0 } = {}) => {
      const key = `${job} ${JSON.stringify(payload)}${delayMs > 0 ? ' later' : ''}`;
      if (!waiting.has(key)) waiting.set(key, { job, payload, at: clock.now().getTime() + delayMs });
    },
    settle: async (context) => {
      for (let next = nextDue(); next !== undefined; next = nextDue()) {
        const [key, { job, payload }] = next;
        waiting.delete(key);
        await runJob(context, job, payload);
      }
    },
  };
}
