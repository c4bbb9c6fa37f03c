// A job that always fails: it is given up after its attempts, with a reason that quotes no value, and holds no other job up.
import { expect, onTestFinished, test } from 'vitest';
import type { JobContext } from '../../../jobs/context.ts';
import { QUEUE } from '../../../jobs/job-types.ts';
import { openQueueBackend } from '../../../jobs/queue/queue-backend.ts';
import { createEnqueue, startWorker } from '../../../jobs/queue/worker.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { BACKEND } from '../../support/backends.ts';
import { patient } from '../../support/patience.ts';
import { openTestProduct } from '../../support/product.ts';

const SOON = { timeout: patient(60_000), interval: 100 };

async function openQueue(execute: (job: string) => Promise<void>) {
  const product = await openTestProduct({ people: 1 });
  const { env, destroy } = await BACKEND.create();
  onTestFinished(destroy);
  const { connection, embedded, close } = await openDatabase({ databaseUrl: env.DATABASE_URL, dataDir: env.DATA_DIR });
  onTestFinished(close);
  const backend = await openQueueBackend({ redisUrl: env.REDIS_URL, connection, embedded });
  onTestFinished(async () => void (await backend.close({ deadlineMs: 5_000 })));
  const queue = backend.queue<unknown>(QUEUE);
  const errors: string[] = [];
  const log = { ...product.context.log, error: (details: object) => void errors.push(JSON.stringify(details)) };
  const context: JobContext = { ...product.context, log, enqueue: createEnqueue(queue) };
  const givenUp: string[] = [];
  startWorker(backend, context, {
    execute: (_context, job) => execute(job),
    onGivenUp: (reason) => void givenUp.push(reason),
  });
  return { context, queue, errors, givenUp };
}

test('a job that always fails is given up after five attempts, and other jobs run meanwhile', async () => {
  const runs: string[] = [];
  const { context, queue, errors, givenUp } = await openQueue(async (job) => {
    runs.push(job);
    if (job === 'score-leads') throw new Error(`invalid input syntax for type json: "Ada Lovelace"`);
  });
  await context.enqueue('score-leads', {});
  await context.enqueue('process-inbox', {});
  await expect.poll(() => runs.includes('process-inbox'), SOON).toBe(true);
  await expect.poll(() => givenUp.length, SOON).toBe(1);
  expect(runs.filter((job) => job === 'score-leads')).toHaveLength(5);
  expect(givenUp[0]).toBe('The job "score-leads" failed: Error: invalid input syntax for type json: "..."');
  expect(errors.join()).not.toContain('Lovelace');
  const [failed] = await queue.getFailed();
  expect(JSON.stringify(failed)).not.toContain('Lovelace');
  // The same error is logged once a minute.
  expect(errors).toHaveLength(1);
});

test('a job that is enqueued again after it was given up runs again', async () => {
  let isBroken = true;
  let done = 0;
  const { context, givenUp } = await openQueue(async () => {
    if (isBroken) throw new Error('broken');
    done += 1;
  });
  await context.enqueue('score-leads', {});
  await expect.poll(() => givenUp.length, SOON).toBe(1);
  isBroken = false;
  await context.enqueue('score-leads', {});
  await expect.poll(() => done, SOON).toBe(1);
});
