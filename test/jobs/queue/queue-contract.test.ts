// What every queue must do with enqueued jobs. BullMQ on the backend of the run is held to it, and so is the queue in memory that
// the other tests use.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { JobContext } from '../../../jobs/context.ts';
import { type JobName, QUEUE } from '../../../jobs/job-types.ts';
import { createEnqueue, startWorker } from '../../../jobs/queue/worker.ts';
import { BACKEND } from '../../support/backends.ts';
import { createInMemoryQueue } from '../../support/in-memory-queue.ts';
import { openTestProduct } from '../../support/product.ts';
import { openTestQueue } from './test-queue.ts';

type Execute = (job: JobName, enqueue: JobContext['enqueue']) => Promise<void>;

interface QueueUnderTest {
  readonly enqueue: JobContext['enqueue'];
  /** Starts to run jobs; resolves when no job is waiting or running. */
  run(): Promise<void>;
}

type Open = (execute: Execute) => Promise<QueueUnderTest>;

const IDLE_MS = 1_500;

const openInMemory: Open = async (execute) => {
  const product = await openTestProduct({ people: 1 });
  const queue = createInMemoryQueue(product.clock, (_context, job) => execute(job, queue.enqueue));
  const run = async () => {
    await queue.runUntilIdle(product.context);
    product.advanceClock(IDLE_MS);
    await queue.runUntilIdle(product.context);
  };
  return { enqueue: queue.enqueue, run };
};

const openBullMq: Open = async (execute) => {
  const product = await openTestProduct({ people: 1 });
  const backend = await openTestQueue((await BACKEND.create()).env);
  const enqueue = createEnqueue(backend.queue<unknown>(QUEUE));
  let busySince = 0;
  const run = async () => {
    startWorker(
      backend,
      { ...product.context, enqueue },
      {
        execute: async (_context, job) => {
          busySince = performance.now();
          await execute(job, enqueue);
        },
      },
    );
    busySince = performance.now();
    while (performance.now() - busySince < IDLE_MS) await sleep(50);
  };
  return { enqueue, run };
};

describe.each([
  ['in memory', openInMemory],
  [`BullMQ on ${BACKEND.name}`, openBullMq],
] as const)('a queue (%s)', (_name, open) => {
  async function ranBy(
    enqueueAll: (enqueue: JobContext['enqueue']) => Promise<void>,
    during: Execute = async () => {},
  ) {
    const ran: JobName[] = [];
    const queue = await open(async (job, enqueue) => {
      ran.push(job);
      await during(job, enqueue);
    });
    await enqueueAll(queue.enqueue);
    await queue.run();
    return ran.toSorted();
  }

  test('runs a job once that was enqueued three times before it ran', async () => {
    const ran = await ranBy(async (enqueue) => {
      for (let times = 0; times < 3; times++) await enqueue('score-leads', {});
    });
    expect(ran).toEqual(['score-leads']);
  });

  test('runs a job once more that was enqueued twice while it ran', async () => {
    let isFirst = true;
    const ran = await ranBy(
      (enqueue) => enqueue('score-leads', {}),
      async (_job, enqueue) => {
        if (!isFirst) return;
        isFirst = false;
        await enqueue('score-leads', {});
        await enqueue('score-leads', {});
      },
    );
    expect(ran).toEqual(['score-leads', 'score-leads']);
  });

  test('does not run a job again that was enqueued with skipIfActive while it ran', async () => {
    const ran = await ranBy(
      (enqueue) => enqueue('poll-fast-streams', { crm: 'hubspot' }),
      (_job, enqueue) => enqueue('poll-fast-streams', { crm: 'hubspot' }, { skipIfActive: true }),
    );
    expect(ran).toEqual(['poll-fast-streams']);
  });

  test('runs the same job of two CRMs twice', async () => {
    const ran = await ranBy(async (enqueue) => {
      await enqueue('write-scores', { crm: 'hubspot' });
      await enqueue('write-scores', { crm: 'salesforce' });
    });
    expect(ran).toEqual(['write-scores', 'write-scores']);
  });

  test('runs a job at once although the same job waits with a delay, and the delayed one later', async () => {
    const ran = await ranBy(async (enqueue) => {
      await enqueue('score-leads', {}, { delayMs: 400 });
      await enqueue('score-leads', {});
    });
    expect(ran).toEqual(['score-leads', 'score-leads']);
  });
});
