// How Leadgrade connects to Redis, and what it asks of that server.
import { Redis } from 'ioredis';

const SHARED_OPTIONS = {
  connectTimeout: 5_000,
  keepAlive: 10_000,
  // BullMQ's own backoff grows to 20 s: work would rest that long after a Redis that was away for a moment.
  retryStrategy: (attempt: number) => Math.min(attempt * 200, 2_000),
};

/** For those who add jobs: they learn at once that Redis is away, as what they add stands in the database anyway. */
export const PRODUCER_OPTIONS = {
  ...SHARED_OPTIONS,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
};

/** For workers: they wait for Redis to come back (BullMQ asks for null). */
export const WORKER_OPTIONS = { ...SHARED_OPTIONS, maxRetriesPerRequest: null };

/**
 * Connects, and refuses a server that may throw jobs away.
 * @throws when the server does not answer, or its `maxmemory-policy` is not `noeviction`.
 */
export async function openRedis(redisUrl: string, onError: (error: Error) => void): Promise<Redis> {
  const redis = new Redis(redisUrl, { ...PRODUCER_OPTIONS, lazyConnect: true });
  redis.on('error', onError);
  try {
    await redis.connect();
    await refuseEviction(redis);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw error instanceof EvictionError ? error : notReachable(redisUrl, error);
  }
}

class EvictionError extends Error {
  override readonly name = 'EvictionError';
}

// Asked with INFO: hosted servers often forbid CONFIG.
async function refuseEviction(redis: Redis): Promise<void> {
  const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1];
  if (policy === undefined || policy === 'noeviction') return;
  const fix = 'Set "maxmemory-policy noeviction" in redis.conf, or in the settings of the hosting provider.';
  throw new EvictionError(
    `Redis (REDIS_URL) would throw jobs away when its memory is full: maxmemory-policy is ${policy}. ${fix}`,
  );
}

/** The URL may hold a password: only host and port are named. */
function notReachable(redisUrl: string, cause: unknown): Error {
  const place = URL.canParse(redisUrl) ? new URL(redisUrl).host : 'the server';
  const fix = 'Check REDIS_URL and that Redis runs, or remove the setting to keep jobs in the database.';
  return new Error(`Redis does not answer at ${place}. ${fix}`, { cause });
}
