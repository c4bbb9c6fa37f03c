// Composition root: builds the product from the configuration. Every command that needs the
// database starts here.

import { appliedModels } from '../../jobs/applied-model.ts';
import type { JobContext, Log, MappedCrm, ScoredModel } from '../../jobs/context.ts';
import { QUEUE } from '../../jobs/job-types.ts';
import { openQueueBackend, type QueueBackend } from '../../jobs/queue/queue-backend.ts';
import { type RepeatableJob, syncRepeatableJobs } from '../../jobs/queue/repeatable-jobs.ts';
import { createEnqueue, startWorker } from '../../jobs/queue/worker.ts';
import { CANARY_SECONDS } from '../../jobs/schedule/canary.ts';
import type { RetryOptions } from '../../src/crm/connector.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { sha256Hex } from '../../src/domain/texts/sha256-hex.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import type { PeoplePolicy } from '../../src/people/people-policy.ts';
import { createThrottledLog, redactError } from '../../src/runtime/throttled-log.ts';
import { migrateToLatest } from '../../src/store/migrate.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/open-database.ts';
import { postgresRateLimiter } from '../../src/store/rate-limit/postgres-rate-limiter.ts';
import { redisRateLimiter } from '../../src/store/rate-limit/redis-rate-limiter.ts';
import type { Wait } from '../../src/store/rate-limit/token-bucket.ts';
import { createTitleFields } from '../../src/titles/read-title.ts';
import { type ClosingStep, closeInOrder } from './close-in-order.ts';
import type { Config } from './config.ts';
import { ConfigurationError } from './configuration-error.ts';
import { loadCrms } from './files/load-crms.ts';
import { loadModels } from './files/load-models.ts';
import { loadPeople } from './files/load-people.ts';
import { loadTitles } from './files/load-titles.ts';
import { shippedFile } from './files/shipped-file.ts';

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
   * Stops at the next safe point, waits for running jobs (at most QUEUE_DEADLINE_MS) and closes
   * everything. A part that does not close in time is logged and left behind. Idempotent.
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
  /** Models to plan or replay with. Absent: the applied ones, and before any is applied, those of MODEL_FILE. */
  readonly models?: readonly ScoredModel[] | undefined;
  /** Models that are not applied yet, whose fields the connectors must know as well. */
  readonly nextModels?: readonly ScoredModel[] | undefined;
  /** The mapping of a CRM; absent: of mappings/<crm>.yaml. */
  readonly mappingOf?: (crm: string) => Promise<Mapping>;
  /** For a simulated clock: how to wait for a rate-limit token, and the retries of API calls. */
  readonly timing?: { readonly wait: Wait; readonly retryOptions: RetryOptions };
}

/** For running jobs, and for the queue itself. */
const QUEUE_DEADLINE_MS = 11_000;
/** Together they stay below the 25 s in which a process ends after a shutdown signal. */
const DEADLINES_MS = { crm: 500, queue: QUEUE_DEADLINE_MS + 500, database: 8_000 };

/**
 * @throws ConfigurationError for a wrong file or setting
 * @throws OutdatedSchemaError
 * @throws UnreadableModelError
 * @throws any other error when a service is down
 */
export async function openProduct(config: Config, parts: OpenParts): Promise<Product> {
  const people = await loadPeople();
  const { dictionary, text: titlesText } = await loadTitles();
  const titles = { addFields: createTitleFields(dictionary), hash: sha256Hex(titlesText) };
  const database = await openDatabase(config);
  const opened: ClosingStep[] = [
    { part: 'database', deadlineMs: DEADLINES_MS.database, close: () => database.close() },
  ];
  try {
    await migrateToLatest(database.sessionDb);
    const models =
      parts.models ?? (await appliedModels(database.db)) ?? (await loadModels(shippedFile(config.modelFile)));
    const backend = await openBackend(config, database, parts);
    const closeQueue = () => backend.close({ deadlineMs: QUEUE_DEADLINE_MS });
    opened.unshift({ part: 'queue', deadlineMs: DEADLINES_MS.queue, close: closeQueue });
    const { clock, timing } = parts;
    const limiter = backend.redis
      ? redisRateLimiter(backend.redis, clock, timing?.wait)
      : postgresRateLimiter(database.db, clock, timing?.wait);
    const crms = await loadCrms({
      settingsOf: config.connectorSettings,
      mappingOf: parts.mappingOf,
      models: [...models, ...(parts.nextModels ?? [])],
      limiter,
      clock,
      retryOptions: timing?.retryOptions,
    });
    const closeCrms = [...crms.values()].map(({ connector }) => {
      return { part: connector.id, deadlineMs: DEADLINES_MS.crm, close: () => connector.close() };
    });
    opened.unshift(...closeCrms);
    return assemble(config, parts, { database, backend, models, people, titles, crms, opened });
  } catch (error) {
    await closeInOrder(opened);
    throw error;
  }
}

function openBackend(config: Config, database: OpenDatabase, { log, clock }: OpenParts): Promise<QueueBackend> {
  // While a server is away, each connection fails several times a second.
  const warn = createThrottledLog(log, clock);
  return openQueueBackend({
    redisUrl: config.redisUrl,
    connection: database.connection,
    embedded: database.embedded,
    onError: (error) => {
      const { error: name, code = name } = redactError(error);
      warn(code, { error: error.message }, 'queue connection error; reconnecting');
    },
  });
}

interface Opened {
  readonly database: OpenDatabase;
  readonly backend: QueueBackend;
  readonly models: readonly ScoredModel[];
  readonly people: PeoplePolicy;
  readonly titles: JobContext['titles'];
  readonly crms: ReadonlyMap<string, MappedCrm>;
  /** Closed in this order. */
  readonly opened: readonly ClosingStep[];
}

function assemble(
  config: Config,
  parts: OpenParts,
  { database, backend, models, people, titles, crms, opened }: Opened,
): Product {
  const [model] = models;
  if (model === undefined) throw new ConfigurationError('There is no model. Set MODEL_FILE.');
  const stopping = new AbortController();
  const queue = backend.queue<unknown>(QUEUE);
  const context: JobContext = {
    db: database.db,
    crms,
    model,
    models,
    people,
    titles,
    timezone: config.timezone,
    nightly: config.nightlyCron,
    clock: parts.clock,
    debounceMs: config.debounceSeconds * 1_000,
    reconcileDays: config.reconcileDays,
    guardShare: config.guardShare,
    maxScorers: config.maxScorers,
    retention: {
      historyDays: config.historyDays,
      statusHistoryDays: config.statusHistoryDays,
      activityDays: config.activityDays,
    },
    hasAutovacuum: !database.embedded,
    asOf: parts.asOf ?? null,
    log: parts.log,
    signal: stopping.signal,
    enqueue: parts.readOnly ? withoutWrites(createEnqueue(queue)) : createEnqueue(queue),
  };
  let closed: Promise<void> | null = null;
  const close = async () => {
    stopping.abort(new Error('leadgrade is stopping'));
    const left = await closeInOrder(opened);
    if (left.length > 0) parts.log.warn({ left }, 'did not close in time and were left behind');
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
  const canary: RepeatableJob = { job: 'canary', payload: {}, seconds: CANARY_SECONDS };
  return [{ job: 'poll', payload: {}, seconds: pollSeconds }, canary, ...fastStreams];
}

/** A write job runs only if it is enqueued, so this is enough to write nothing. */
function withoutWrites(enqueue: JobContext['enqueue']): JobContext['enqueue'] {
  return async (job, payload, options) => {
    if (job !== 'write-scores') await enqueue(job, payload, options);
  };
}
