import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { openQueueBackend, type QueueBackend } from '../../../jobs/queue/queue-backend.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { BACKEND, type BackendEnv, describeOnRedis } from '../../support/backends.ts';
import { printSeconds } from '../../support/fault-runs.ts';
import { patient } from '../../support/patience.ts';
import { type Running, startNode } from '../../support/processes.ts';
import { ownRedis } from '../../support/servers.ts';
import { openTestQueue } from './test-queue.ts';

const SCRIPT = new URL('./processes/work.ts', import.meta.url).pathname;

interface LeadJob {
  readonly lead: string;
}

function workerProcess(env: BackendEnv, jobMs: number): Running {
  const worker = startNode(SCRIPT, [String(jobMs)], { DATABASE_URL: undefined, REDIS_URL: undefined, ...env });
  endWithTest(worker.kill);
  return worker;
}

/** Starts a worker in this process, and resolves with the leads of its first `count` jobs. */
function collect(backend: QueueBackend, queue: string, count: number): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const seen: string[] = [];
    const work = async (job: { data: LeadJob }) => {
      seen.push(job.data.lead);
      if (seen.length === count) resolve(seen.toSorted());
    };
    backend.worker<LeadJob>(queue, work, { concurrency: 5 });
  });
}

describe(`the queue (${BACKEND.name})`, () => {
  const installation = async (): Promise<BackendEnv> => (await BACKEND.create()).env;

  test('runs each job once, also a delayed one', async () => {
    const backend = await openTestQueue(await installation());
    const queue = backend.queue<LeadJob>('leads');
    const seen = collect(backend, 'leads', 12);
    await queue.add('score', { lead: 'late' }, { delay: 700 });
    await queue.addBulk(Array.from({ length: 11 }, (_, n) => ({ name: 'score', data: { lead: `lead ${n}` } })));
    expect(await seen).toEqual([...Array.from({ length: 11 }, (_, n) => `lead ${n}`), 'late'].toSorted());
    expect(await backend.close({ deadlineMs: 10_000 })).toBe('clean');
  });

  test('keeps eight queues apart, more than an embedded pool has connections', async () => {
    const backend = await openTestQueue(await installation());
    const names = Array.from({ length: 8 }, (_, n) => `queue-${n}`);
    const seen = names.map((name) => collect(backend, name, 1));
    await Promise.all(names.map((name) => backend.queue<LeadJob>(name).add('score', { lead: name })));
    expect(await Promise.all(seen)).toEqual(names.map((name) => [name]));
  });

  test('registers the nightly job once, in its time zone', async () => {
    const backend = await openTestQueue(await installation());
    const queue = backend.queue<LeadJob>('nightly');
    for (let start = 0; start < 2; start++) {
      await queue.upsertJobScheduler('nightly', { pattern: '0 2 * * *', tz: 'Australia/Lord_Howe' }, { name: 'night' });
    }
    const [scheduler, ...others] = await queue.getJobSchedulers();
    expect(others).toEqual([]);
    expect(scheduler?.tz).toBe('Australia/Lord_Howe');
    const local = new Intl.DateTimeFormat('en-GB', { timeZone: 'Australia/Lord_Howe', timeStyle: 'short' });
    expect(local.format(new Date(scheduler?.next ?? 0))).toBe('02:00');
  });

  test('is shared by two worker processes', async () => {
    const env = await installation();
    const backend = await openTestQueue(env);
    const workers = [workerProcess(env, 300), workerProcess(env, 300)];
    await Promise.all(workers.map((worker) => worker.line(/^works$/)));
    const leads = Array.from({ length: 20 }, (_, n) => `lead-${n}`);
    await backend.queue<LeadJob>('leads').addBulk(leads.map((lead) => ({ name: 'score', data: { lead } })));
    await expect
      .poll(() => workers.flatMap((worker) => worker.output().match(/(?<=^ends ).+$/gm) ?? []).toSorted(), {
        timeout: patient(20_000),
      })
      .toEqual(leads.toSorted());
    for (const worker of workers) expect(worker.output()).toMatch(/^ends /m);
  });

  test('gives the job of a killed worker to another worker within 15 seconds', async () => {
    const env = await installation();
    const backend = await openTestQueue(env);
    await backend.queue<LeadJob>('leads').add('score', { lead: 'ada' });
    const killed = workerProcess(env, 3_600_000);
    await killed.line(/^begins ada$/);
    await killed.kill();
    const taken = collect(backend, 'leads', 1);
    const seconds = await printSeconds(`the job of a killed worker is taken (${BACKEND.name})`, () => taken);
    expect(await taken).toEqual(['ada']);
    expect(seconds).toBeLessThanOrEqual(patient(15_000) / 1_000);
  });

  test('abandons a job that does not end by the deadline of its close', async () => {
    const backend = await openTestQueue(await installation());
    const begun = Promise.withResolvers<void>();
    const ending = Promise.withResolvers<void>();
    const work = async () => {
      begun.resolve();
      await ending.promise;
    };
    backend.worker<LeadJob>('leads', work, { concurrency: 1 });
    await backend.queue<LeadJob>('leads').add('score', { lead: 'endless' });
    await begun.promise;
    expect(await backend.close({ deadlineMs: 300 })).toBe('abandoned');
    ending.resolve();
  });
});

describeOnRedis('a queue on Redis', () => {
  const options = { connection: {}, embedded: false };

  test('refuses a server that may evict jobs, and names the setting', async () => {
    const redis = await ownRedis('allkeys-lru');
    endWithTest(redis.stop);
    await expect(openQueueBackend({ ...options, redisUrl: redis.url })).rejects.toThrow(
      /maxmemory-policy is allkeys-lru\. Set "maxmemory-policy noeviction"/,
    );
  });

  test('names host and port of a server that does not respond, without the password', async () => {
    const refused = openQueueBackend({ ...options, redisUrl: 'redis://:hunter2@127.0.0.1:1' });
    await expect(refused).rejects.toThrow('Redis does not respond at 127.0.0.1:1.');
    await expect(refused).rejects.not.toThrow(/hunter2/);
  });

  test('closes within its deadline while Redis is down, and rejects an added job at once', async () => {
    const redis = await ownRedis();
    endWithTest(redis.stop);
    const backend = await openQueueBackend({ ...options, redisUrl: redis.url });
    const queue = backend.queue<LeadJob>('leads');
    const worker = backend.worker<LeadJob>('leads', async () => undefined, { concurrency: 1 });
    await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
    await redis.kill();
    await expect(queue.add('score', { lead: 'ada' })).rejects.toThrow();
    expect(['clean', 'abandoned']).toContain(await backend.close({ deadlineMs: 1_000 }));
  });

  test('reconnects when Redis is back', async () => {
    const redis = await ownRedis();
    endWithTest(redis.stop);
    const backend = await openQueueBackend({ ...options, redisUrl: redis.url });
    endWithTest(() => backend.close({ deadlineMs: 5_000 }));
    const queue = backend.queue<LeadJob>('leads');
    const worker = backend.worker<LeadJob>('leads', async () => undefined, { concurrency: 1 });
    await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
    await redis.restart();
    const completed = once(worker, 'completed');
    await expect
      .poll(() => queue.add('score', { lead: 'ada' }).catch(() => null), { timeout: patient(15_000) })
      .not.toBeNull();
    await completed;
  });
});
