// Composition root: settings in, a product whose parts know each other out. Every command that needs the store starts here.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ActiveModel, JobContext, Log, MappedCrm } from '../../jobs/context.ts';
import { QUEUE } from '../../jobs/job-types.ts';
import { openQueueBackend, type QueueBackend } from '../../jobs/queue/queue-backend.ts';
import { createEnqueue, type RepeatableJob, startWorker, syncRepeatableJobs } from '../../jobs/queue/worker.ts';
import type { RetryOptions } from '../../src/crm/connector.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { formatProblem } from '../../src/domain/problem.ts';
import type { PeoplePolicy } from '../../src/people/people-policy.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { migrateToLatest } from '../../src/store/migrate.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/open-database.ts';
import { postgresRateLimiter } from '../../src/store/rate-limit/postgres-rate-limiter.ts';
import { redisRateLimiter } from '../../src/store/rate-limit/redis-rate-limiter.ts';
import type { Wait } from '../../src/store/rate-limit/token-bucket.ts';
import type { Config } from './config.ts';
import { ConfigurationError, loadCrms, shippedFile } from './load-crms.ts';
import { loadPeople } from './load-people.ts';

export interface Product {
  readonly database: OpenDatabase;
  readonly context: JobContext;
  /** Takes jobs in this process. `onGivenUp` is told of a job that has used up its attempts. */
  work(onGivenUp?: (reason: string) => void): void;
  /** Has the tick rung every POLL_SECONDS, and what must be fresher more often. Changes nothing where it is; puts it back where the queue was lost. */
  schedule(): Promise<void>;
  /** Stops at the next safe point, lets what runs finish (up to the deadline), closes everything. Safe to call twice. */
  close(): Promise<void>;
}

interface OpenParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Nothing is written to a CRM: what would be stays in the outbox. */
  readonly readOnly?: boolean;
  /** Score as of this instant, not the present one. */
  readonly asOf?: Date | null;
  /** How to wait for a turn at a CRM, and how long for an answer: for those whose clock is not the real one. */
  readonly pace?: { readonly wait: Wait; readonly patience: RetryOptions };
}

/** A process that is told to stop has ended after this, whatever its stores do. */
const CLOSE_DEADLINE_MS = 20_000;

/** @throws ConfigurationError for what somebody must mend; any other error when a service does not answer */
export async function openProduct(config: Config, parts: OpenParts): Promise<Product> {
  const model = await loadModel(config.modelFile);
  const people = await loadPeople();
  const database = await openDatabase({ databaseUrl: config.databaseUrl, dataDir: config.dataDir });
  const opened: (() => Promise<unknown>)[] = [() => database.close()];
  try {
    await migrateToLatest(database.db);
    const backend = await openBackend(config, database, parts.log);
    opened.unshift(() => backend.close({ deadlineMs: CLOSE_DEADLINE_MS }));
    const { clock, pace } = parts;
    const limiter = backend.redis
      ? redisRateLimiter(backend.redis, clock, pace?.wait)
      : postgresRateLimiter(database.db, clock, pace?.wait);
    const crms = await loadCrms({ settingsOf: config.connectorSettings, limiter, clock, patience: pace?.patience });
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
    onError: (error) => log.warn({ error: error.message }, 'the queue complains; it mends itself'),
  });
}

interface Opened {
  readonly database: OpenDatabase;
  readonly backend: QueueBackend;
  readonly model: ActiveModel;
  readonly people: PeoplePolicy;
  readonly crms: ReadonlyMap<string, MappedCrm>;
  /** What is to be closed, in this order. */
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
      startWorker(backend, context, onGivenUp);
    },
    schedule: async () => {
      const watches = [...crms].flatMap(([crm, { connector }]): RepeatableJob[] => {
        const seconds = connector.streams.flatMap(({ pollEverySeconds = [] }) => pollEverySeconds);
        return seconds.length === 0
          ? []
          : [{ job: 'poll-fast-streams', payload: { crm }, seconds: Math.min(...seconds) }];
      });
      await syncRepeatableJobs(queue, [{ job: 'poll', payload: {}, seconds: config.pollSeconds }, ...watches]);
    },
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

/** The only way to the job that writes is a ring. */
function withoutWrites(ring: JobContext['enqueue']): JobContext['enqueue'] {
  return async (job, payload, manner) => {
    if (job !== 'write-scores') await ring(job, payload, manner);
  };
}

async function loadModel(modelFile: string): Promise<ActiveModel> {
  const file = shippedFile(modelFile);
  const text = await readFile(file, 'utf8').catch(() => {
    throw new ConfigurationError(`MODEL_FILE: ${modelFile} cannot be read. Check the path.`);
  });
  const { model, problems } = readModel(text, modelFile);
  if (!model) throw new ConfigurationError(problems.map(formatProblem).join('\n'));
  return { compiled: compileModel(model), hash: createHash('sha256').update(text).digest('hex'), text };
}
