// Where jobs wait and who runs them: BullMQ on the database, or on Redis where REDIS_URL names one. Nothing else in the product
// constructs a BullMQ class. The queue may be lost at any time: what is to be done stands in the database.
import {
  type BackendClasses,
  type BackendFactory,
  createPostgresBackend,
  createRedisBackend,
  type DefaultJobOptions,
  type IQueueBackend,
  isPgPool,
  type Job,
  type QueueOptions,
  runMigrations,
  type Worker,
  withBackend,
} from 'bullmq';
import type { Redis } from 'ioredis';
import pg from 'pg';
import { openRedis, PRODUCER_OPTIONS, WORKER_OPTIONS } from './redis-connection.ts';

export type JobQueue<Data> = ReturnType<typeof newQueue<Data>>;
export type JobWorker<Data> = Worker<Data, void, string, IQueueBackend, number, unknown>;
/** The signal aborts when the worker is told to cancel the job. */
export type JobProcessor<Data> = (job: Job<Data, void, string>, token?: string, signal?: AbortSignal) => Promise<void>;

export interface QueueBackend {
  /** Where REDIS_URL is set: the connection that the shared rate limiter uses. */
  readonly redis: Redis | null;
  queue<Data>(name: string, defaultJobOptions?: DefaultJobOptions): JobQueue<Data>;
  /** Runs up to `concurrency` jobs at a time, from now on. */
  worker<Data>(name: string, processor: JobProcessor<Data>, options: { readonly concurrency: number }): JobWorker<Data>;
  /**
   * Takes no more jobs, lets those that run finish, and closes. After `deadlineMs` it gives up what has not ended
   * (`abandoned`): those jobs are found stalled and run again elsewhere.
   */
  close(options: { readonly deadlineMs: number }): Promise<'clean' | 'abandoned'>;
}

interface QueueBackendOptions {
  readonly redisUrl?: string | undefined;
  /** Of `openDatabase`; not used where Redis is. */
  readonly connection: pg.PoolConfig;
  readonly embedded: boolean;
  /** Prefix of the keys in Redis, where several installations share one server. On Postgres the database keeps them apart. */
  readonly namespace?: string;
  /** Connections that break while idle, and BullMQ's own complaints; both mend themselves. */
  readonly onError?: (error: Error) => void;
}

// Measured with kill -9 of a worker: BullMQ's defaults take 60 to 90 s to find its jobs, these 10 s, and a job that is not to
// blame outlives three crashes.
const RECOVERY = { lockDuration: 10_000, stalledInterval: 5_000, maxStalledCount: 3 };

// The embedded database's notifications do not wake a worker: it looks again after this time (seconds), also while the next job that
// it knows of is a delayed one, as the next tick always is: by itself BullMQ would wait for that.
const EMBEDDED_LOOK_EVERY = 0.2;

const KEPT_JOBS: DefaultJobOptions = {
  removeOnComplete: { age: 3_600, count: 1_000 },
  removeOnFail: { age: 7 * 86_400, count: 5_000 },
};

/** One way of keeping jobs, with the connections that it opened. */
interface Engine {
  readonly factory: BackendFactory<IQueueBackend, unknown>;
  readonly connection: unknown;
  readonly redis: Redis | null;
  /** A worker holds one connection for itself. */
  addWorker(): void;
  close(): Promise<void>;
  abandon(): void;
}

/** @throws when Redis or the database does not answer, or when Redis may evict keys. */
export async function openQueueBackend(options: QueueBackendOptions): Promise<QueueBackend> {
  const onError = options.onError ?? (() => undefined);
  const engine =
    options.redisUrl === undefined
      ? await openOnPostgres(options, onError)
      : await openOnRedis(options.redisUrl, onError);
  const classes = withBackend(engine.factory);
  const shared = { connection: engine.connection, prefix: options.namespace ?? 'leadgrade' };
  const pace = options.embedded && engine.redis === null ? { drainDelay: EMBEDDED_LOOK_EVERY } : {};
  const queues: Closable[] = [];
  const workers: Closable[] = [];
  let closing: Promise<'clean' | 'abandoned'> | undefined;
  return {
    redis: engine.redis,
    queue<Data>(name: string, defaultJobOptions: DefaultJobOptions = {}) {
      const queue = newQueue<Data>(classes, name, {
        ...shared,
        defaultJobOptions: { ...KEPT_JOBS, ...defaultJobOptions },
      });
      queue.on('error', onError);
      queues.push(queue);
      return queue;
    },
    worker<Data>(name: string, processor: JobProcessor<Data>, { concurrency }: { readonly concurrency: number }) {
      engine.addWorker();
      const worker = new classes.Worker<Data, void, string, number>(name, processor, {
        ...shared,
        ...RECOVERY,
        ...pace,
        concurrency,
      });
      worker.on('error', onError);
      workers.push(worker);
      return worker;
    },
    close({ deadlineMs }) {
      closing ??= closeAll(engine, workers, queues, deadlineMs);
      return closing;
    },
  };
}

function newQueue<Data>(classes: BackendClasses<IQueueBackend, unknown>, name: string, options: QueueOptions<unknown>) {
  return new classes.Queue<Data, void>(name, options);
}

interface Closable {
  close(): Promise<void>;
  disconnect(): Promise<void>;
}

async function closeAll(
  engine: Engine,
  workers: readonly Closable[],
  queues: readonly Closable[],
  deadlineMs: number,
): Promise<'clean' | 'abandoned'> {
  const deadline = Promise.withResolvers<'abandoned'>();
  const timer = setTimeout(() => deadline.resolve('abandoned'), deadlineMs);
  const closing = async () => {
    await Promise.allSettled(workers.map((worker) => worker.close()));
    await Promise.allSettled(queues.map((queue) => queue.close()));
    await engine.close();
    return 'clean' as const;
  };
  // BullMQ's close waits for an answer of a Redis that is away.
  const outcome = await Promise.race([closing(), deadline.promise]);
  clearTimeout(timer);
  if (outcome === 'abandoned') {
    for (const each of [...workers, ...queues]) each.disconnect().catch(() => undefined);
    engine.abandon();
  }
  return outcome;
}

async function openOnPostgres(
  { connection, embedded }: Pick<QueueBackendOptions, 'connection' | 'embedded'>,
  onError: (error: Error) => void,
): Promise<Engine> {
  // One pool for all queues and workers: BullMQ would make one for each, more than the embedded database or a small server
  // has connections. It must name BullMQ's schema; PGlite's session does that by itself.
  const pool = new pg.Pool({ ...connection, options: '-c search_path=bullmq', keepAlive: true });
  pool.on('error', onError);
  // Also of one that is held between two queries, which would end the process.
  pool.on('connect', (client) => client.on('error', onError));
  // Each queue and worker listens to it as well.
  pool.setMaxListeners(0);
  if (!isPgPool(pool)) throw new Error('This pg does not fit this BullMQ. Install the versions of package-lock.json.');
  const client = await pool.connect();
  try {
    await runMigrations(client);
  } finally {
    client.release();
  }
  return {
    factory: (name, options, kind) => {
      const backend = createPostgresBackend(name, { ...options, connection: pool }, kind);
      if (embedded) Object.defineProperty(backend, 'maximumBlockTimeout', { value: EMBEDDED_LOOK_EVERY });
      return backend;
    },
    connection: pool,
    redis: null,
    addWorker: () => {
      pool.options.max += 1;
    },
    close: () => pool.end(),
    abandon: () => void pool.end().catch(() => undefined),
  };
}

async function openOnRedis(redisUrl: string, onError: (error: Error) => void): Promise<Engine> {
  const redis = await openRedis(redisUrl, onError);
  const connectionFor = (isWorker: boolean) => ({ url: redisUrl, ...(isWorker ? WORKER_OPTIONS : PRODUCER_OPTIONS) });
  return {
    factory: (name, options, kind) => {
      const connection = connectionFor(kind?.withBlockingConnection === true);
      return createRedisBackend(name, { ...options, connection }, kind);
    },
    connection: connectionFor(true),
    redis,
    addWorker: () => undefined,
    close: async () => void (await redis.quit().catch(() => redis.disconnect())),
    abandon: () => redis.disconnect(),
  };
}
