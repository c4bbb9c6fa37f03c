// The storage of the job queue: the database, or Redis.
import {
  type BackendFactory,
  createPostgresBackend,
  createRedisBackend,
  type IQueueBackend,
  isPgPool,
  runMigrations,
} from 'bullmq';
import { Cluster } from 'ioredis';
import pg from 'pg';
import { releaseLocksOnPostgres, releaseLocksOnRedis } from './future-locks.ts';
import {
  createCluster,
  KEY_PREFIX,
  openRedis,
  PRODUCER_OPTIONS,
  type RedisClient,
  WORKER_OPTIONS,
} from './redis-connection.ts';

export interface QueueStorageOptions {
  readonly redisUrl?: string | undefined;
  /** As `openDatabase` returns it; unused with Redis. */
  readonly connection: pg.PoolConfig;
  readonly embedded: boolean;
}

// Notifications of the embedded database do not wake a worker, so it polls the queue at this
// interval. By itself BullMQ would wait for the next delayed job, and the next poll job always is
// one.
const EMBEDDED_POLL_SECONDS = 0.2;

// All statements of the queue are short. One that takes longer has lost its connection, which the
// pool then replaces.
const QUERY_TIMEOUT_MS = 30_000;

/** BullMQ on one kind of storage, with the connections that it opened. */
export interface QueueStorage {
  readonly factory: BackendFactory<IQueueBackend, unknown>;
  readonly connection: unknown;
  readonly redis: RedisClient | null;
  /** Options of every worker on this storage. */
  readonly workerOptions: { readonly drainDelay?: number };
  /** Every worker occupies one connection. */
  addWorker(): void;
  /** @throws when Redis or the database does not respond in time */
  ping(): Promise<void>;
  /**
   * Ends the locks of a queue that last longer than `lockMs`: they were made while the clock was
   * ahead. A live worker renews its locks.
   * @param now epoch ms
   */
  releaseFutureLocks(queue: string, limits: { readonly now: number; readonly lockMs: number }): Promise<void>;
  close(): Promise<void>;
  abandon(): void;
}

/** @throws when Redis or the database does not respond, or when Redis may evict jobs */
export function openQueueStorage(options: QueueStorageOptions, onError: (error: Error) => void): Promise<QueueStorage> {
  const { redisUrl } = options;
  return redisUrl === undefined ? openOnPostgres(options, onError) : openOnRedis(redisUrl, onError);
}

async function openOnPostgres(
  { connection, embedded }: QueueStorageOptions,
  onError: (error: Error) => void,
): Promise<QueueStorage> {
  // One pool for all queues and workers: BullMQ would open one for each, more connections than the
  // embedded database or a small server has. The pool must name BullMQ's schema; a PGlite session
  // does so by itself.
  const options = { options: '-c search_path=bullmq', keepAlive: true, query_timeout: QUERY_TIMEOUT_MS };
  const pool = new pg.Pool({ ...connection, ...options });
  pool.on('error', onError);
  // An unhandled error of a client that is checked out between two queries would end the process.
  pool.on('connect', (client) => client.on('error', onError));
  // Every queue and worker adds a listener too.
  pool.setMaxListeners(0);
  if (!isPgPool(pool))
    throw new Error(
      'This version of pg does not fit this version of BullMQ. Install the versions of package-lock.json.',
    );
  const client = await pool.connect();
  try {
    await runMigrations(client);
  } finally {
    client.release();
  }
  return {
    factory: (name, options, kind) => {
      const backend = createPostgresBackend(name, { ...options, connection: pool }, kind);
      if (embedded) Object.defineProperty(backend, 'maximumBlockTimeout', { value: EMBEDDED_POLL_SECONDS });
      return backend;
    },
    connection: pool,
    redis: null,
    workerOptions: embedded ? { drainDelay: EMBEDDED_POLL_SECONDS } : {},
    addWorker: () => {
      pool.options.max += 1;
    },
    ping: async () => void (await pool.query('select 1')),
    releaseFutureLocks: (queue, limits) => releaseLocksOnPostgres(pool, queue, limits),
    close: () => pool.end(),
    abandon: () => void pool.end().catch(() => undefined),
  };
}

async function openOnRedis(redisUrl: string, onError: (error: Error) => void): Promise<QueueStorage> {
  const redis = await openRedis(redisUrl, onError);
  // BullMQ leaves the clients open that it is given, and opens those for a single server itself.
  const clusters: Cluster[] = [];
  const connectionFor = (isWorker: boolean) => {
    const options = isWorker ? WORKER_OPTIONS : PRODUCER_OPTIONS;
    if (!(redis instanceof Cluster)) return { url: redisUrl, ...options };
    const cluster = createCluster(redisUrl, options, onError);
    clusters.push(cluster);
    return cluster;
  };
  const disconnect = () => {
    for (const each of [redis, ...clusters]) each.disconnect();
  };
  return {
    factory: (name, options, kind) => {
      const connection = connectionFor(kind?.withBlockingConnection === true);
      return createRedisBackend(name, { ...options, connection }, kind);
    },
    // Unused: the factory has a connection for each queue and worker.
    connection: {},
    redis,
    workerOptions: {},
    addWorker: () => undefined,
    ping: async () => void (await redis.ping()),
    releaseFutureLocks: (queue, { lockMs }) => releaseLocksOnRedis(redis, `${KEY_PREFIX}:${queue}`, lockMs),
    close: async () => {
      await redis.quit().catch(() => undefined);
      disconnect();
    },
    abandon: disconnect,
  };
}
