// Nights and polls over and over: the process keeps nothing of them, and the queue keeps a bounded number of jobs.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { QUEUE } from '../../../jobs/job-types.ts';
import { createEnqueue, startWorker } from '../../../jobs/queue/worker.ts';
import { BACKEND } from '../../support/backends.ts';
import { patient } from '../../support/patience.ts';
import { openTestProduct } from '../../support/product.ts';
import { openTestQueue } from '../queue/test-queue.ts';

const NIGHTS = 120;
const POLLS_A_NIGHT = 10;
const MEGABYTE = 1_000_000;

setFlagsFromString('--expose-gc');
const collectGarbage = z.function().parse(runInNewContext('gc'));

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test(`after ${NIGHTS} nights the product holds no more memory than after a third of them`, async () => {
  const product = await openTestProduct({ people: 60 });
  await product.backfill();
  /** What the product holds, without the sandbox in the same process: what is free after it was opened again. */
  const heldAfter = async (nights: number) => {
    for (let night = 0; night < nights; night++) {
      for (let polls = 0; polls < POLLS_A_NIGHT; polls++) {
        product.advanceClock(60_000);
        await product.poll();
      }
      await product.nightly();
    }
    const before = heapUsed();
    await product.restart();
    return before - heapUsed();
  };
  await heldAfter(1);
  const early = await heldAfter(NIGHTS / 3);
  const late = await heldAfter(NIGHTS);
  console.log(
    `memory: ${(early / MEGABYTE).toFixed(1)} MB after ${NIGHTS / 3} nights, ${(late / MEGABYTE).toFixed(1)} MB after ${NIGHTS}`,
  );
  expect(late - early).toBeLessThan(8 * MEGABYTE);
});

describe(`the queue (${BACKEND.name})`, () => {
  test('keeps about a thousand finished jobs, however many ran', async () => {
    const product = await openTestProduct({ people: 1 });
    const backend = await openTestQueue((await BACKEND.create()).env);
    const queue = backend.queue<unknown>(QUEUE);
    const enqueue = createEnqueue(queue);
    let done = 0;
    const count = () => {
      done += 1;
    };
    startWorker(backend, { ...product.context, enqueue }, { execute: async () => count() });
    const JOBS_RUN = 1_500;
    while (done < JOBS_RUN) {
      const before = done;
      await Promise.all([enqueue('score-leads', {}), enqueue('process-inbox', {}), enqueue('match-site-events', {})]);
      await expect.poll(() => done, { timeout: patient(30_000), interval: 2 }).toBeGreaterThan(before);
    }
    const counts = await queue.getJobCounts();
    expect(counts.completed).toBeLessThan(1_020);
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBeLessThan(1_040);
  });
});
