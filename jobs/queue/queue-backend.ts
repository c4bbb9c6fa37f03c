// The job queue: BullMQ on the database, or on Redis if REDIS_URL is set. No other folder
// constructs a BullMQ class. The queue may be lost at any time: the work items are rows in the
// database.
import {
  type BackendClasses,
  type DefaultJobOptions,
  type IQueueBackend,
  type Job,
  type QueueOptions,
  type Worker,
  withBackend,
} from 'bullmq';
import { openQueueStorage, type QueueStorage, type QueueStorageOptions } from './queue-storage.ts';
import { KEY_PREFIX, type RedisClient } from './redis-connection.ts';

export type JobQueue<Data> = ReturnType<typeof newQueue<Data>>;
export type JobWorker<Data> = Worker<Data, void, string, IQueueBackend, number, unknown>;
/** The signal is aborted when the worker cancels the job. */
export type JobProcessor<Data> = (job: Job<Data, void, string>, token?: string, signal?: AbortSignal) => Promise<void>;

export interface QueueBackend {
  /** The connection that the shared rate limiter uses; null without REDIS_URL. */
  readonly redis: RedisClient | null;
  /** @throws when Redis or the database does not respond in time */
  ping(): Promise<void>;
  /**
   * Ends the locks of the queue's jobs that last longer than a lock can: they were made while the
   * clock was ahead.
   * @param now epoch ms
   */
  releaseFutureLocks(queue: string, now: number): Promise<void>;
  queue<Data>(name: string, defaultJobOptions?: DefaultJobOptions): JobQueue<Data>;
  /** Starts a worker that runs up to `concurrency` jobs at a time. */
  worker<Data>(name: string, processor: JobProcessor<Data>, options: { readonly concurrency: number }): JobWorker<Data>;
  /**
   * Starts no more jobs, waits for the running ones, and closes. After `deadlineMs` it abandons
   * jobs that are still running: another worker finds them stalled and runs them again.
   */
  close(options: { readonly deadlineMs: number }): Promise<'clean' | 'abandoned'>;
}

interface QueueBackendOptions extends QueueStorageOptions {
  /**
   * Called for idle connections that break and for errors of BullMQ. Both reconnect by themselves.
   */
  readonly onError?: (error: Error) => void;
}

// Measured with kill -9 of a worker: its jobs are found after 10 s, and after 60 to 90 s with
// BullMQ's defaults. A job that did not cause the crashes survives three of them.
const RECOVERY = { lockDuration: 10_000, stalledInterval: 5_000, maxStalledCount: 3 };

/** Twice the lock: the clocks of two machines differ a little. */
const MAX_LOCK_MS = 2 * RECOVERY.lockDuration;

const RETENTION: DefaultJobOptions = {
  removeOnComplete: { age: 3_600, count: 1_000 },
  removeOnFail: { age: 7 * 86_400, count: 5_000 },
};

/** @throws when Redis or the database does not respond, or when Redis may evict jobs */
export async function openQueueBackend(options: QueueBackendOptions): Promise<QueueBackend> {
  const onError = options.onError ?? (() => undefined);
  const storage = await openQueueStorage(options, onError);
  const classes = withBackend(storage.factory);
  const shared = { connection: storage.connection, prefix: KEY_PREFIX };
  const queues: Closable[] = [];
  const workers: Closable[] = [];
  let closing: Promise<'clean' | 'abandoned'> | undefined;
  return {
    redis: storage.redis,
    ping: () => storage.ping(),
    releaseFutureLocks: (queue, now) => storage.releaseFutureLocks(queue, { now, lockMs: MAX_LOCK_MS }),
    queue<Data>(name: string, defaultJobOptions: DefaultJobOptions = {}) {
      const queue = newQueue<Data>(classes, name, {
        ...shared,
        defaultJobOptions: { ...RETENTION, ...defaultJobOptions },
      });
      queue.on('error', onError);
      queues.push(queue);
      return queue;
    },
    worker<Data>(name: string, processor: JobProcessor<Data>, { concurrency }: { readonly concurrency: number }) {
      storage.addWorker();
      const worker = new classes.Worker<Data, void, string, number>(name, processor, {
        ...shared,
        ...RECOVERY,
        ...storage.workerOptions,
        concurrency,
      });
      worker.on('error', onError);
      workers.push(worker);
      return worker;
    },
    close({ deadlineMs }) {
      closing ??= closeAll(storage, workers, queues, deadlineMs);
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
  storage: QueueStorage,
  workers: readonly Closable[],
  queues: readonly Closable[],
  deadlineMs: number,
): Promise<'clean' | 'abandoned'> {
  const deadline = Promise.withResolvers<'abandoned'>();
  const timer = setTimeout(() => deadline.resolve('abandoned'), deadlineMs);
  const closing = async () => {
    await Promise.allSettled(workers.map((worker) => worker.close()));
    await Promise.allSettled(queues.map((queue) => queue.close()));
    await storage.close();
    return 'clean' as const;
  };
  // BullMQ's close waits for a response, which a Redis that is down never gives.
  const outcome = await Promise.race([closing(), deadline.promise]);
  clearTimeout(timer);
  if (outcome === 'abandoned') {
    for (const closable of [...workers, ...queues]) closable.disconnect().catch(() => undefined);
    storage.abandon();
  }
  return outcome;
}
