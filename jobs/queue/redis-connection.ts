// Connections to Redis, and the check of the server's eviction policy.
import { Cluster, Redis, type RedisOptions } from 'ioredis';

/**
 * Of all keys of the queue. The braces are a hash tag: in a Redis Cluster one node holds all keys, as the scripts of
 * BullMQ need it.
 */
export const KEY_PREFIX = '{leadgrade}';

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

export type RedisClient = Redis | Cluster;

/**
 * Connects to Redis, or to the Redis Cluster that the server belongs to.
 * @throws when the server does not respond, or when its `maxmemory-policy` may evict jobs
 */
export async function openRedis(redisUrl: string, onError: (error: Error) => void): Promise<RedisClient> {
  const redis = new Redis(redisUrl, { ...PRODUCER_OPTIONS, lazyConnect: true });
  redis.on('error', onError);
  try {
    await redis.connect();
    await assertNoEviction(redis);
    if (!(await isInCluster(redis))) return redis;
    redis.disconnect();
    return await openCluster(redisUrl, onError);
  } catch (error) {
    redis.disconnect();
    throw error instanceof EvictionError ? error : notReachable(redisUrl, error);
  }
}

async function isInCluster(redis: Redis): Promise<boolean> {
  return /^redis_mode:cluster\b/m.test(await redis.info('server'));
}

async function openCluster(redisUrl: string, onError: (error: Error) => void): Promise<Cluster> {
  const cluster = createCluster(redisUrl, PRODUCER_OPTIONS, onError);
  try {
    await cluster.connect();
    return cluster;
  } catch (error) {
    cluster.disconnect();
    throw error;
  }
}

/**
 * A client that connects when it is used. All keys of Leadgrade have one hash tag, so one node of the cluster holds
 * them; the others take over when it fails.
 */
export function createCluster(
  redisUrl: string,
  { enableOfflineQueue = true, ...redisOptions }: ConnectionOptions,
  onError: (error: Error) => void,
): Cluster {
  const { hostname, port, protocol, username, password } = new URL(redisUrl);
  const login = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  const cluster = new Cluster([{ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || '6379') }], {
    lazyConnect: true,
    enableOfflineQueue,
    clusterRetryStrategy: SHARED_OPTIONS.retryStrategy,
    // The certificates of a hosted cluster have the names of its nodes.
    ...(protocol === 'rediss:' && { dnsLookup: (address: string, done: DnsDone) => done(null, address) }),
    redisOptions: { ...redisOptions, ...login, ...(protocol === 'rediss:' && { tls: {} }) },
  });
  cluster.on('error', onError);
  return cluster;
}

type DnsDone = (error: null, address: string) => void;
type ConnectionOptions = Pick<RedisOptions, 'enableOfflineQueue' | 'maxRetriesPerRequest' | 'commandTimeout'>;

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
