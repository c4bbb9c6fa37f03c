// The queue and the rate limits on a Redis Cluster: REDIS_URL names any node of it.
import { expect, test } from 'vitest';
import { openQueueBackend } from '../../../jobs/queue/queue-backend.ts';
import { syncRepeatableJobs } from '../../../jobs/queue/repeatable-jobs.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { redisRateLimiter } from '../../../src/store/rate-limit/redis-rate-limiter.ts';
import { describeOnRedis } from '../../support/backends.ts';
import { patient } from '../../support/patience.ts';
import { ownRedisCluster } from '../../support/redis-cluster.ts';

const SOON = { timeout: patient(20_000), interval: 50 };

describeOnRedis('on a Redis Cluster of three nodes', () => {
  test('jobs run, at once, delayed and repeated, and one node holds all keys', async () => {
    const cluster = await ownRedisCluster();
    endWithTest(cluster.stop);
    const backend = await openQueueBackend({ redisUrl: cluster.url, connection: {}, embedded: false });
    endWithTest(() => backend.close({ deadlineMs: 5_000 }));
    const queue = backend.queue<unknown>('leads');
    const ran: string[] = [];
    backend.worker<unknown>('leads', async ({ name }) => void ran.push(name), { concurrency: 2 });
    await queue.add('now', {}, { priority: 2, deduplication: { id: 'now', keepLastIfActive: true } });
    await queue.add('later', {}, { delay: 300 });
    await syncRepeatableJobs(backend, queue, [{ job: 'poll', payload: {}, seconds: 60 }], Date.now());
    await expect.poll(() => ran.toSorted(), SOON).toEqual(['later', 'now', 'poll']);
    await backend.ping();
    await backend.releaseFutureLocks('leads', Date.now());

    const { redis } = backend;
    if (redis === null) throw new Error('There is no connection to Redis.');
    const limiter = redisRateLimiter(redis, { now: () => new Date() });
    await limiter.acquire('test', { burst: 1, perSecond: 1 }, new AbortController().signal);
    const keys = (await cluster.keys()).filter((ofNode) => ofNode.length > 0);
    expect(keys).toHaveLength(1);
    expect(keys.flat().filter((key) => !key.startsWith('{leadgrade}:'))).toEqual([]);
    expect(await backend.close({ deadlineMs: 5_000 })).toBe('clean');
  });
});
