// Composition root: builds the product from the configuration. Every command that needs the
// database starts here.
import type { ActiveModel, JobContext, Log, MappedCrm } from '../../jobs/context.ts';
import { QUEUE } from '../../jobs/job-types.ts';
import { openQueueBackend, type QueueBackend } from '../../jobs/queue/queue-backend.ts';
import { type RepeatableJob, syncRepeatableJobs } from '../../jobs/queue/repeatable-jobs.ts';
import { createEnqueue, startWorker } from '../../jobs/queue/worker.ts';
import type { RetryOptions } from '../../src/crm/connector.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { sha256Hex } from '../../src/domain/sha256-hex.ts';
import type { PeoplePolicy } from '../../src/people/people-policy.ts';
import { migrateToLatest } from '../../src/store/migrate.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/open-database.ts';
import { postgresRateLimiter } from '../../src/store/rate-limit/postgres-rate-limiter.ts';
import { redisRateLimiter } from '../../src/store/rate-limit/redis-rate-limiter.ts';
import type { Wait } from '../../src/store/rate-limit/token-bucket.ts';
import type { Config } from './config.ts';
import { loadCrms } from './load-crms.ts';
import { loadModel } from './load-model.ts';
import { loadPeople } from './load-people.ts';
import { shippedFile } from './shipped-file.ts';

export interface Product {
  readonly database: OpenDatabase;
  readonly context: JobContext;
  /** Starts a worker in this process. `onGivenUp` is called when a job has used up its attempts. */
  work(onGivenUp?: (reason: string) => void): void;
  /**
   * Schedules the poll job every POLL_SECONDS, and the jobs of fast streams more often. Idempotent;
   * restores the schedule after a loss of the queue, and after the clock was ahead.
   * @returns whether the clock was ahead when the present schedule was made
   */
  schedule(): Promise<boolean>;
  /** @throws when Redis or the database of the queue does not respond in time */
  pingQueue(): Promise<void>;
  /**
   * Stops at the next safe point, waits for running jobs (at most CLOSE_DEADLINE_MS) and closes
   * everything. Idempotent.
   */
  close(): Promise<void>;
}

interface OpenParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Writes nothing to a CRM: the writes stay in the outbox. */
  readonly readOnly?: boolean;
  /** Score as of this instant instead of now. */
  readonly asOf?: Date | null;
  /** For a simulated clock: how to wait for a rate-limit token, and the retries of API calls. */
  readonly timing?: { readonly wait: Wait; readonly retryOptions: RetryOptions };
}

/** A process ends within this time of a shutdown signal, even if database or Redis are down. */
const CLOSE_DEADLINE_MS = 20_000;

/**
 * @throws ConfigurationError for a wrong file or setting
 * @throws OutdatedSchemaError
 * @throws any other error when a service is down
 */
export async function openProduct(config: Config, parts: OpenParts): Promise<Product> {
  const { compiled, text } = await loadModel(shippedFile(config.modelFile));
  const model = { compiled, text, hash: sha256Hex(text) };
  const people = await loadPeople();
  const database = await openDatabase({ databaseUrl: config.databaseUrl, dataDir: config.dataDir });
  const opened: (() => Promise<unknown>)[] = [() => database.close()];
  try {
    await migrateToLatest(database.db);
    const backend = await openBackend(config, database, parts.log);
    opened.unshift(() => backend.close({ deadlineMs: CLOSE_DEADLINE_MS }));
    const { clock, timing } = parts;
    const limiter = backend.redis
      ? redisRateLimiter(backend.redis, clock, timing?.wait)
      : postgresRateLimiter(database.db, clock, timing?.wait);
    const crms = await loadCrms({
      settingsOf: config.connectorSettings,
      limiter,
      clock,
      retryOptions: timing?.retryOptions,
    });
    opened.unshift(
      ...[...crms.values()].map(
        ({ connector }) =>
          () =>
            connector.close(),
      ),
    );
    return assemble(config, parts, { database, backend, model, people, crms, opened });
  } catch (error) {
    for (const close of opened) await close();
    throw error;
  }
}

function openBackend(config: Config, database: OpenDatabase, log: Log): Promise<QueueBackend> {
  return openQueueBackend({
    redisUrl: config.redisUrl,
    connection: database.connection,
    embedded: database.embedded,
    onError: (error) => log.warn({ error: error.message }, 'queue connection error; reconnecting'),
  });
}

interface Opened {
  readonly database: OpenDatabase;
  readonly backend: QueueBackend;
  readonly model: ActiveModel;
  readonly people: PeoplePolicy;
  readonly crms: ReadonlyMap<string, MappedCrm>;
  /** Closed in this order. */
  readonly opened: readonly (() => Promise<unknown>)[];
}

function assemble(
  config: Config,
  parts: OpenParts,
  { database, backend, model, people, crms, opened }: Opened,
): Product {
  const stopping = new AbortController();
  const queue = backend.queue<unknown>(QUEUE);
  const context: JobContext = {
    db: database.db,
    crms,
    model,
    people,
    timezone: config.timezone,
    nightly: config.nightlyCron,
    clock: parts.clock,
    debounceMs: config.debounceSeconds * 1_000,
    asOf: parts.asOf ?? null,
    log: parts.log,
    signal: stopping.signal,
    enqueue: parts.readOnly ? withoutWrites(createEnqueue(queue)) : createEnqueue(queue),
  };
  let closed: Promise<void> | null = null;
  const close = async () => {
    stopping.abort(new Error('leadgrade is stopping'));
    for (const step of opened) await step();
  };
  return {
    database,
    context,
    work: (onGivenUp = () => {}) => {
      startWorker(backend, context, { onGivenUp });
    },
    pingQueue: () => backend.ping(),
    schedule: () => syncRepeatableJobs(backend, queue, repeatableJobs(config, crms), context.clock.now().getTime()),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function repeatableJobs({ pollSeconds }: Config, crms: ReadonlyMap<string, MappedCrm>): readonly RepeatableJob[] {
  const fastStreams = [...crms].flatMap(([crm, { connector }]): RepeatableJob[] => {
    const seconds = connector.streams.flatMap(({ pollEverySeconds = [] }) => pollEverySeconds);
    if (seconds.length === 0) return [];
    return [{ job: 'poll-fast-streams', payload: { crm }, seconds: Math.min(...seconds) }];
  });
  return [{ job: 'poll', payload: {}, seconds: pollSeconds }, ...fastStreams];
}

/** A write job runs only if it is enqueued, so this is enough to write nothing. */
function withoutWrites(enqueue: JobContext['enqueue']): JobContext['enqueue'] {
  return async (job, payload, options) => {
    if (job !== 'write-scores') await enqueue(job, payload, options);
  };
}
