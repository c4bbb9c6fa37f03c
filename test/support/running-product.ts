// The whole product in the test's process, with a clock that the test advances. No wait takes real time: a wait for a rate-limit
// token or for a retry advances the clock.
//
// Jobs run in this process, one after the other, so that a test has the same result every time. With `queue: true` they go
// through the product's own queue and worker.
import { setTimeout as sleep } from 'node:timers/promises';
import { type SimulatedClock, simulatedClock } from '../../cli/demo/simulated-clock.ts';
import { readConfig } from '../../cli/product/config.ts';
import { loadMapping } from '../../cli/product/files/load-mapping.ts';
import { loadModels } from '../../cli/product/files/load-models.ts';
import { openProduct, type Product } from '../../cli/product/open-product.ts';
import { writeTarget } from '../../cli/setup/write-target.ts';
import { toAppliedModel } from '../../jobs/applied-model.ts';
import type { JobContext, Log } from '../../jobs/context.ts';
import { syncOnce } from '../../jobs/runs/sync-once.ts';
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';
import type { RetryOptions } from '../../src/crm/connector.ts';
import { lastApplied } from '../../src/store/models/applied.ts';
import { applyModels } from '../../src/store/models/apply-models.ts';
import { retrySetAside } from '../../src/store/set-aside/set-aside.ts';
import { clearPause } from '../../src/store/sync/crm-pauses.ts';
import { openRun, type Run } from '../../src/store/sync/runs.ts';
import { BACKEND, type BackendEnv } from './backends.ts';
import { createInMemoryQueue } from './in-memory-queue.ts';

export const NOW = new Date('2026-03-10T12:00:00Z');

/** One retry, at once: a test has no minutes to wait. */
const SHORT_RETRIES: RetryOptions = { timeoutMs: 2_000, retries: 1, initialDelayMs: 1, maxThrottleWaitMs: 30_000 };

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly details: object;
}

export interface RunOptions {
  readonly retryOptions?: Partial<RetryOptions>;
  /** Jobs go through the product's queue and worker. */
  readonly queue?: boolean;
  /** `calls_for_others` of the mappings; absent: as shipped. */
  readonly callsForOthers?: string;
}

export interface ProductOptions extends RunOptions {
  /** The installation to use; absent: a fresh one. */
  readonly env?: BackendEnv;
  /** Settings over the usual ones: `{ NIGHTLY_CRON: '0 3 * * *' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Absent: the seeded one of `people` people. */
  readonly dataset?: Dataset;
  /** Absent: 20. */
  readonly people?: number;
  /** Where the clock starts; absent: NOW. Reading it, waiting and `advanceClock` advance it. */
  readonly now?: Date;
  /** False: the CRMs are left without our fields. */
  readonly setup?: boolean;
}

export interface RunningProduct {
  readonly product: Product;
  /** Its `enqueue` puts jobs into the queue of this test. */
  readonly context: JobContext;
  readonly clock: SimulatedClock;
  /** The log lines of the product. */
  readonly lines: readonly LogLine[];
  /** The settings that the product was opened with, for processes of their own. */
  readonly env: Readonly<Record<string, string>>;
  /** Advances the clock. */
  advanceClock(ms: number): void;
  /** Creates our fields in the CRMs, as `leadgrade setup` does. */
  setup(): Promise<void>;
  /** Runs the jobs that are due by the clock until none is. Does nothing with `queue`. */
  runUntilIdle(): Promise<void>;
  /** Enqueues the poll job and runs until idle. */
  poll(): Promise<void>;
  /** The first full sync, as `leadgrade backfill` does it. Returns the run when no job is due any more. */
  backfill(): Promise<Run>;
  /** One sync (read, score, write), ten seconds later. */
  sync(): Promise<Run>;
  /** Advances the clock to the next nightly slot (02:00 UTC) and runs the nightly job and the jobs that it enqueues. */
  nightly(): Promise<void>;
  /** Applies the model file of the settings, as `leadgrade apply --yes` does. The next jobs score with it. */
  apply(): Promise<void>;
  /** Closes the product and opens it again on the same database and CRMs. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

interface StartedCrms {
  /** The settings of the product for these CRMs. */
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts CRMs and opens the product over them. All of it is closed with the test, or by the product's `close`. */
export async function openOver<C extends StartedCrms>(
  options: ProductOptions,
  startCrms: (dataset: Dataset, clock: SimulatedClock) => Promise<C>,
): Promise<{ readonly running: RunningProduct; readonly crms: C }> {
  const fresh = options.env === undefined ? await BACKEND.create() : null;
  const clock = startingAt(options.now ?? NOW);
  const dataset = options.dataset ?? seededDataset({ contacts: options.people ?? 20, seed: 1, now: clock.now() });
  const crms = await startCrms(dataset, clock);
  const closeCrms = endWithTest(crms.close);
  const env = { ...(fresh?.env ?? options.env), ...crms.settings, ...options.settings };
  const running = await runProduct(env, clock, options);
  if (options.setup !== false) await running.setup();
  const { close: closeProduct } = running;
  const close = async () => {
    await closeProduct();
    await closeCrms();
    await fresh?.destroy();
  };
  return { running: Object.assign(running, { close }), crms };
}

/** Opens the product on these settings. Closed with the test that opens it. */
export async function runProduct(
  env: Readonly<Record<string, string>>,
  clock: SimulatedClock,
  options: RunOptions = {},
): Promise<RunningProduct> {
  const lines: LogLine[] = [];
  const open = () => openOnce(options, env, clock, lines);
  let opened = await open();
  const advanceClock = (ms: number) => clock.forwardTo(new Date(clock.now().getTime() + ms));
  return {
    get product() {
      return opened.product;
    },
    get context() {
      return opened.context;
    },
    clock,
    lines,
    env,
    advanceClock,
    setup: () => setUp(opened.context),
    runUntilIdle: () => opened.runUntilIdle(),
    poll: async () => {
      await opened.context.enqueue('poll', {});
      await opened.runUntilIdle();
    },
    backfill: async () => {
      const { db, crms } = opened.context;
      const run = await openRun(db, { job: 'backfill', slot: null, state: 'running' }, clock.now());
      if (run === null) throw new Error('The run of the backfill could not be opened.');
      for (const crm of crms.keys()) await opened.context.enqueue('sync-streams', { crm });
      return finish(opened, run, options.queue);
    },
    sync: async () => {
      advanceClock(10_000);
      return finish(opened, await syncOnce(opened.context), options.queue);
    },
    nightly: async () => {
      const today = clock.now();
      const slot = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate(), 2);
      clock.forwardTo(new Date((slot > today.getTime() ? slot : slot + 86_400_000) + 1_000));
      await opened.context.enqueue('nightly', {});
      await opened.runUntilIdle();
    },
    apply: async () => {
      await applyFile(opened.context, env.MODEL_FILE ?? 'mappings/model.yaml');
      await opened.context.enqueue('score-leads', {});
    },
    restart: async () => {
      await opened.product.close();
      opened = await open();
    },
    close: endWithTest(() => opened.product.close()),
  };
}

interface Opened {
  readonly product: Product;
  readonly context: JobContext;
  runUntilIdle(): Promise<void>;
}

async function openOnce(
  options: RunOptions,
  env: Readonly<Record<string, string>>,
  clock: SimulatedClock,
  lines: LogLine[],
): Promise<Opened> {
  const read = readConfig(env);
  if ('problems' in read) throw new Error(read.problems);
  const log = recordingLog(lines);
  const retryOptions = { ...SHORT_RETRIES, ...options.retryOptions };
  const wait = async (ms: number) => clock.forwardTo(new Date(clock.now().getTime() + ms));
  const { callsForOthers } = options;
  const mappingOf = async (crm: string) => ({ ...(await loadMapping(crm)), calls_for_others: callsForOthers });
  const product = await openProduct(read.config, { clock, log, mappingOf, timing: { wait, retryOptions } });
  if (options.queue === true) {
    product.work();
    return { product, context: product.context, runUntilIdle: async () => {} };
  }
  const queue = createInMemoryQueue(clock);
  const context: JobContext = { ...product.context, enqueue: queue.enqueue };
  return { product, context, runUntilIdle: () => queue.runUntilIdle(context) };
}

/** Returns the run when all jobs are done; with a queue, when the run has ended. */
async function finish({ context, runUntilIdle }: Opened, run: Run, queue = false): Promise<Run> {
  await runUntilIdle();
  for (;;) {
    const now = await context.db.selectFrom('runs').selectAll().where('id', '=', run.id).executeTakeFirstOrThrow();
    if (!queue || now.state === 'done' || now.state === 'failed') return now;
    await sleep(50);
  }
}

async function applyFile({ db, clock }: JobContext, file: string): Promise<void> {
  const replaces = (await lastApplied(db))?.id ?? null;
  const models = (await loadModels(file)).map(toAppliedModel);
  const row = { models, cause: 'apply', applied_by: 'test', plan_hash: null, replaces } as const;
  if (!(await applyModels(db, row, clock.now()))) throw new Error('Another model was applied meanwhile.');
}

async function setUp({ crms, models, signal, db, clock }: JobContext): Promise<void> {
  for (const { connector } of crms.values()) {
    for await (const _step of connector.applySetup(writeTarget(models), { dryRun: false }, signal));
    await clearPause(db, { crm: connector.id, direction: 'write', before: clock.now() });
    await retrySetAside(db, clock.now(), { crm: connector.id });
  }
}

function recordingLog(lines: LogLine[]): Log {
  const keep = (level: LogLine['level']) => (details: object, message: string) => {
    lines.push({ level, message, details });
  };
  return { info: keep('info'), warn: keep('warn'), error: keep('error') };
}

/** The clock advances by one millisecond whenever it is read, however busy the machine is. */
function startingAt(now: Date): SimulatedClock {
  let looks = 0;
  return simulatedClock({ now: () => new Date(now.getTime() + looks++) });
}
