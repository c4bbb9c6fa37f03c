// Connections to Redis, and the check of the server's eviction policy.
import { Redis } from 'ioredis';

// A connection that a firewall has dropped stays open and silent: nothing fails by itself for a
// quarter of an hour. Workers block for at most 10 s (BullMQ), so 20 s without a byte is a dead
// connection.
const SOCKET_TIMEOUT_MS = 20_000;

const SHARED_OPTIONS = {
  connectTimeout: 5_000,
  keepAlive: 10_000,
  socketTimeout: SOCKET_TIMEOUT_MS,
  // BullMQ's own backoff grows to 20 s: a short outage of Redis would delay jobs by that long.
  retryStrategy: (attempt: number) => Math.min(attempt * 200, 2_000),
};

/**
 * For producers: they fail at once while Redis is down. The work items are in the database anyway.
 */
export const PRODUCER_OPTIONS = {
  ...SHARED_OPTIONS,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: 10_000,
};

/** For workers: they wait until Redis is back (BullMQ requires null). */
export const WORKER_OPTIONS = { ...SHARED_OPTIONS, maxRetriesPerRequest: null };

/**
 * Connects to Redis.
 * @throws when the server does not respond, or when its `maxmemory-policy` may evict jobs
 */
export async function openRedis(redisUrl: string, onError: (error: Error) => void): Promise<Redis> {
  const redis = new Redis(redisUrl, { ...PRODUCER_OPTIONS, lazyConnect: true });
  redis.on('error', onError);
  try {
    await redis.connect();
    await assertNoEviction(redis);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw error instanceof EvictionError ? error : notReachable(redisUrl, error);
  }
}

class EvictionError extends Error {
  override readonly name = 'EvictionError';
}

// INFO rather than CONFIG: hosted servers often forbid CONFIG.
async function assertNoEviction(redis: Redis): Promise<void> {
  const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1];
  if (policy === undefined || policy === 'noeviction') return;
  const fix = 'Set "maxmemory-policy noeviction" in redis.conf, or in the settings of the hosting provider.';
  throw new EvictionError(
    `Redis (REDIS_URL) evicts jobs when its memory is full: maxmemory-policy is ${policy}. ${fix}`,
  );
}

/** Names host and port only: the URL may contain a password. */
function notReachable(redisUrl: string, cause: unknown): Error {
  const address = URL.canParse(redisUrl) ? new URL(redisUrl).host : 'the server';
  const fix = 'Check REDIS_URL and that Redis runs, or remove the setting to keep jobs in the database.';
  return new Error(`Redis does not respond at ${address}. ${fix}`, { cause });
}
