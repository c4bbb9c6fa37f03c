import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/domain/clock.ts';
import type { BucketSize, RateLimiter } from '../../../src/domain/limits/rate-limiter.ts';
import { postgresRateLimiter } from '../../../src/store/rate-limit/postgres-rate-limiter.ts';
import { redisRateLimiter } from '../../../src/store/rate-limit/redis-rate-limiter.ts';
import type { Wait } from '../../../src/store/rate-limit/token-bucket.ts';
import { BACKEND, openDatabaseOf } from '../../support/backends.ts';
import { virtualTime } from '../../support/virtual-time.ts';

type NewLimiter = (clock: Clock, wait?: Wait) => RateLimiter;

const NEVER = new AbortController().signal;
const START = Date.parse('2026-03-01T08:00:00Z');

describe(`the shared rate limiter (${BACKEND.name})`, () => {
  const { create } = BACKEND;
  let newLimiter: NewLimiter;
  let end: () => Promise<void>;
  let buckets = 0;
  const freshKey = () => `test:${buckets++}`;

  beforeAll(async () => {
    const { env, destroy } = await create();
    // Two pools: instances that share only the bucket.
    const databases = [await openDatabaseOf(env), await openDatabaseOf(env)];
    const redises = env.REDIS_URL === undefined ? [] : [new Redis(env.REDIS_URL), new Redis(env.REDIS_URL)];
    let limiters = 0;
    newLimiter = (clock, wait) => {
      const redis = redises[limiters % 2];
      const database = databases[limiters++ % 2];
      if (redis !== undefined) return redisRateLimiter(redis, clock, wait);
      return postgresRateLimiter(database!.db, clock, wait);
    };
    end = async () => {
      for (const redis of redises) redis.disconnect();
      for (const database of databases.toReversed()) await database.close();
      await destroy();
    };
  });
  afterAll(() => end());

  /**
   * Instants (ms) at which `instances` that call one after another are let through, with pauses
   * between their calls.
   */
  async function takes(size: BucketSize, pauses: readonly (readonly number[])[]): Promise<readonly number[]> {
    const time = virtualTime(START);
    const key = freshKey();
    const taken: number[] = [];
    const tasks = pauses.map((own) => {
      const limiter = newLimiter(time.clock, time.wait);
      return async () => {
        for (const pause of own) {
          if (pause > 0) await time.wait(pause, NEVER);
          await limiter.acquire(key, size, NEVER);
          taken.push(time.clock.now().getTime());
        }
      };
    });
    await time.run(tasks);
    return taken.toSorted((a, b) => a - b);
  }

  test('grants at most the burst plus the refill in any window, for any pattern of requests', async () => {
    const pausesOfOne = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 })), { maxLength: 12 });
    const sizes = fc.record({ burst: fc.integer({ min: 1, max: 9 }), perSecond: fc.constantFrom(0.5, 3, 18.1, 40) });
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(pausesOfOne, { minLength: 1, maxLength: 5 }), async (size, pauses) => {
        const taken = await takes(size, pauses);
        for (const [first, from] of taken.entries()) {
          for (const [last, to] of taken.entries()) {
            if (last < first) continue;
            // Instants are whole milliseconds, so each edge of a window may be one early.
            const allowed = size.burst + ((to - from + 2) / 1000) * size.perSecond;
            expect(last - first + 1).toBeLessThanOrEqual(allowed + 1e-6);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  test('grants exactly burst and flow in ten seconds: 190 tokens', async () => {
    const taken = await takes({ burst: 9, perSecond: 18.1 }, [Array(120).fill(0), Array(120).fill(0)]);
    expect(taken.filter((at) => at <= START + 10_000)).toHaveLength(190);
  });

  test('serves requests in their order', async () => {
    const time = virtualTime(START);
    const key = freshKey();
    const limiter = newLimiter(time.clock, time.wait);
    const served: number[] = [];
    const tasks = Array.from({ length: 6 }, (_, place) => async () => {
      if (place > 0) await time.wait(place * 10, NEVER);
      await limiter.acquire(key, { burst: 1, perSecond: 2 }, NEVER);
      served.push(place);
    });
    await time.run(tasks);
    expect(served).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('delays all requests while a bucket is drained, also those that already wait', async () => {
    const time = virtualTime(START);
    const key = freshKey();
    const [one, other] = [newLimiter(time.clock, time.wait), newLimiter(time.clock, time.wait)];
    const taken: number[] = [];
    const take = (limiter: RateLimiter, after: number) => async () => {
      if (after > 0) await time.wait(after, NEVER);
      await limiter.acquire(key, { burst: 1, perSecond: 1 }, NEVER);
      taken.push(time.clock.now().getTime() - START);
    };
    const drain = async () => {
      await time.wait(500, NEVER);
      await other.drain(key, 10_000);
      await one.drain(key, 1_000);
    };
    await time.run([take(one, 0), take(other, 10), take(one, 20), take(other, 700), drain]);
    expect(taken[0]).toBe(0);
    // The drain ends at 10.5 s, and then the bucket fills at one a second.
    expect(taken.slice(1).toSorted((a, b) => a - b)).toEqual([11_500, 12_500, 13_500]);
  });

  test('rejects a waiting request that is aborted, with the given reason', async () => {
    const time = virtualTime(START);
    const limiter = newLimiter(time.clock);
    const key = freshKey();
    const size = { burst: 1, perSecond: 0.001 };
    await limiter.acquire(key, size, NEVER);
    const controller = new AbortController();
    const reason = new Error('shutting down');
    const waiting = limiter.acquire(key, size, controller.signal);
    setTimeout(() => controller.abort(reason), 50);
    await expect(waiting).rejects.toBe(reason);
    await expect(limiter.acquire(key, size, controller.signal)).rejects.toBe(reason);
  });

  test('waits at most seconds after a clock was an hour ahead', async () => {
    const key = freshKey();
    const size = { burst: 2, perSecond: 1 };
    const ahead = virtualTime(START + 3_600_000);
    await newLimiter(ahead.clock, ahead.wait).acquire(key, size, NEVER);
    const time = virtualTime(START);
    const limiter = newLimiter(time.clock, time.wait);
    await time.run([() => limiter.acquire(key, size, NEVER), () => limiter.acquire(key, size, NEVER)]);
    expect(time.clock.now().getTime()).toBeLessThanOrEqual(START + 3_000);
  });

  test('keeps one bucket for each key', async () => {
    const time = virtualTime(START);
    const limiter = newLimiter(time.clock, time.wait);
    const size = { burst: 1, perSecond: 0.01 };
    const keys = [freshKey(), freshKey()];
    await time.run(keys.map((key) => () => limiter.acquire(key, size, NEVER)));
    expect(time.clock.now().getTime()).toBe(START);
  });
});
