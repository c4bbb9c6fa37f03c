// The whole product in the test's own process, over a sandbox HubSpot of its own, with one clock for both that a test puts
// forward. Nothing waits for real: waits for a turn or for a later try put the clock forward.
//
// Jobs are heard in process, one after the other, so that a test comes out the same every time; with `queue: true` they go
// through the product's own queue and worker.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Patience } from '../../connectors/connector.ts';
import type { JobContext, Log } from '../../jobs/context.ts';
import { ringRound } from '../../jobs/rounds.ts';
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { type HubSpotSandbox, type HubSpotSandboxOptions, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import { control } from '../../src/cli/demo/sandbox-client.ts';
import { type SimulatedClock, simulatedClock } from '../../src/cli/demo/simulated-clock.ts';
import { writeTarget } from '../../src/cli/write-target.ts';
import { readConfig } from '../../src/config.ts';
import { openProduct, type Product } from '../../src/main.ts';
import { resume } from '../../src/store/halts.ts';
import { openRun, type Run } from '../../src/store/runs.ts';
import { inProcessBell } from './bell.ts';
import { type OnUpdate, startFront } from './front.ts';
import { type Installation, SETUPS, type SetupEnv } from './setups.ts';

export const NOW = new Date('2026-03-10T12:00:00Z');

/** A test has no minutes to wait: one repeat, at once. */
const IMPATIENT: Patience = { timeoutMs: 2_000, retries: 1, firstWaitMs: 1, longestWaitMs: 30_000 };

export interface TestProductOptions {
  /** Of the installation to use; absent: a fresh one, on Postgres where there is one. */
  readonly env?: SetupEnv;
  /** Settings over the usual ones: `{ NIGHTLY_CRON: '0 3 * * *' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly sandbox?: Partial<Omit<HubSpotSandboxOptions, 'port' | 'clock' | 'dataset'>>;
  /** Absent: the seeded one of `contacts` people. */
  readonly dataset?: Dataset;
  /** Absent: 20. */
  readonly contacts?: number;
  /** Where the clock starts; absent: NOW. It goes on by looking at it, by waiting, and by `pass`. */
  readonly now?: Date;
  readonly patience?: Partial<Patience>;
  /** Jobs go through the product's queue and worker. */
  readonly queue?: boolean;
  /** Answers the product's batch updates in place of the sandbox. */
  readonly onUpdate?: OnUpdate;
  /** False: the portal is left without our properties. */
  readonly setup?: boolean;
}

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly details: object;
}

export interface SeenContact {
  readonly id: string;
  readonly companyId: string | null;
  readonly properties: Readonly<Record<string, string | undefined>>;
}

const contactSchema = z.object({
  id: z.string(),
  companyId: z.string().nullable(),
  properties: z.record(z.string(), z.string()),
});

const requestSchema = z.object({
  seq: z.number(),
  at: z.string(),
  method: z.string(),
  path: z.string(),
  query: z.string(),
  status: z.number().nullable(),
  ids: z.array(z.string()).optional(),
  writes: z.array(z.object({ id: z.string(), properties: z.record(z.string(), z.string()) })).optional(),
});
export type LoggedRequest = z.infer<typeof requestSchema>;

export interface TestProduct {
  readonly product: Product;
  /** Its `ring` is heard by this test. */
  readonly context: JobContext;
  readonly sandbox: HubSpotSandbox;
  readonly clock: SimulatedClock;
  /** What the product logged. */
  readonly lines: readonly LogLine[];
  /** The settings that the product was opened with, for processes of their own. */
  readonly env: Readonly<Record<string, string>>;
  /** Puts both clocks forward. */
  pass(ms: number): void;
  /** Sends something to the sandbox's control API: `control('POST', 'merge', {...})`. */
  control(method: string, path: string, body?: object | readonly object[]): Promise<unknown>;
  /** Replaces the fault script. */
  faults(...rules: readonly object[]): Promise<void>;
  /** What the sandbox was asked, oldest first; `since` is a `seq`. */
  log(since?: number): Promise<readonly LoggedRequest[]>;
  /** The batch updates among them. */
  writes(since?: number): Promise<readonly LoggedRequest[]>;
  /** The id of the contact with that key in the data set. */
  idOf(key: string): string;
  contact(id: string): Promise<SeenContact>;
  /** All contacts of the data set that are still there, with every property that is set; costs no call of the CRM's quota. */
  contacts(): Promise<readonly SeenContact[]>;
  /** Creates our properties, as `leadgrade setup` does. */
  setup(): Promise<void>;
  /** Runs what was rung for and is due by the clock, until nothing is. Does nothing with `queue`. */
  settle(): Promise<void>;
  /** Rings for the tick and settles. */
  tick(): Promise<void>;
  /** The first pull, as `leadgrade backfill` does it: the run as it stands when nothing more is due. */
  backfill(): Promise<Run>;
  /** One round of reading, scoring and writing, ten seconds after what happened before. */
  round(): Promise<Run>;
  /** Puts the clock to the next nightly slot of the default cron (02:00 UTC), and runs it and what it rings for. */
  nightly(): Promise<void>;
  /** Closes the product and opens it again on the same database and sandbox. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Opens it with our properties set up in the portal; close it when done. */
export async function openTestProduct(options: TestProductOptions = {}): Promise<TestProduct> {
  const installation = options.env === undefined ? await freshInstallation() : borrowed(options.env);
  const clock = startingAt(options.now ?? NOW);
  const dataset = options.dataset ?? seededDataset({ contacts: options.contacts ?? 20, seed: 1, now: clock.now() });
  const sandbox = await startHubSpotSandbox({ port: 0, searchLagMs: 0, ...options.sandbox, dataset, clock });
  const closeAll = async () => {
    await sandbox.close();
    await installation.destroy();
  };
  try {
    const opened = await assemble(options, { sandbox, clock, installation });
    if (options.setup !== false) await opened.setup();
    return opened;
  } catch (error) {
    await closeAll();
    throw error;
  }
}

interface Scene {
  readonly sandbox: HubSpotSandbox;
  readonly clock: SimulatedClock;
  readonly installation: Installation;
}

async function assemble(options: TestProductOptions, { sandbox, clock, installation }: Scene): Promise<TestProduct> {
  const lines: LogLine[] = [];
  const front = options.onUpdate === undefined ? null : await startFront(sandbox.url, options.onUpdate);
  const url = { HUBSPOT_API_URL: front?.url ?? sandbox.url };
  const env = { ...installation.env, ...settingsOf(sandbox), ...url, ...options.settings };
  const open = () => openOnce(options, env, clock, lines);
  let opened = await open();
  const test: TestProduct = {
    get product() {
      return opened.product;
    },
    get context() {
      return opened.context;
    },
    sandbox,
    clock,
    lines,
    env,
    ...portalActions(sandbox),
    pass: (ms) => clock.forwardTo(new Date(clock.now().getTime() + ms)),
    setup: () => setUp(opened.context),
    settle: () => opened.settle(),
    tick: async () => {
      await opened.context.ring('tick', {});
      await opened.settle();
    },
    backfill: async () => {
      const { db } = opened.context;
      const run = await openRun(db, { job: 'backfill', slot: null, state: 'running' }, clock.now());
      if (run === null) throw new Error('The run of the backfill could not be opened.');
      await opened.context.ring('pull', { crm: 'hubspot' });
      return finish(opened, run, options.queue);
    },
    round: async () => {
      test.pass(10_000);
      return finish(opened, await ringRound(opened.context), options.queue);
    },
    nightly: async () => {
      const today = clock.now();
      const slot = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate(), 2);
      clock.forwardTo(new Date((slot > today.getTime() ? slot : slot + 86_400_000) + 1_000));
      await opened.context.ring('nightly', {});
      await opened.settle();
    },
    restart: async () => {
      await opened.product.close();
      opened = await open();
    },
    close: async () => {
      await opened.product.close();
      await front?.close();
      await sandbox.close();
      await installation.destroy();
    },
  };
  return test;
}

interface Opened {
  readonly product: Product;
  readonly context: JobContext;
  settle(): Promise<void>;
}

async function openOnce(
  options: TestProductOptions,
  env: Readonly<Record<string, string>>,
  clock: SimulatedClock,
  lines: LogLine[],
): Promise<Opened> {
  const read = readConfig(env);
  if ('problems' in read) throw new Error(read.problems);
  const log = recordingLog(lines);
  const patience = { ...IMPATIENT, ...options.patience };
  const wait = async (ms: number) => clock.forwardTo(new Date(clock.now().getTime() + ms));
  const product = await openProduct(read.config, { clock, log, pace: { wait, patience } });
  if (options.queue === true) {
    product.work();
    return { product, context: product.context, settle: async () => {} };
  }
  const bell = inProcessBell(clock);
  const context: JobContext = { ...product.context, ring: bell.ring };
  return { product, context, settle: () => bell.settle(context) };
}

/** The run as it stands when all that was rung for is done; with a queue, when the run has ended. */
async function finish({ context, settle }: Opened, run: Run, queue = false): Promise<Run> {
  await settle();
  for (;;) {
    const now = await context.db.selectFrom('runs').selectAll().where('id', '=', run.id).executeTakeFirstOrThrow();
    if (!queue || now.state === 'done' || now.state === 'failed') return now;
    await sleep(50);
  }
}

async function setUp({ crms, model, signal, db, clock }: JobContext): Promise<void> {
  for (const { connector } of crms.values()) {
    for await (const _step of connector.applySetup(writeTarget(model), { dryRun: false }, signal));
    await resume(db, { crm: connector.id, side: 'write', before: clock.now() });
  }
}

type PortalActions = Pick<TestProduct, 'control' | 'faults' | 'log' | 'writes' | 'idOf' | 'contact' | 'contacts'>;

function portalActions(sandbox: HubSpotSandbox): PortalActions {
  const send: TestProduct['control'] = (method, path, body) => control(sandbox, method, path, body);
  const log = async (since = 0) => {
    const lines = z.string().parse(await (await fetch(`${sandbox.url}/_sandbox/log?since=${since}`)).text());
    return lines.split('\n').flatMap((line) => (line === '' ? [] : [requestSchema.parse(JSON.parse(line))]));
  };
  const contact = async (id: string) => contactSchema.parse(await send('GET', `contacts/${id}`));
  return {
    control: send,
    faults: async (...rules) => void (await send('PUT', 'faults', rules)),
    log,
    writes: async (since) => (await log(since)).filter(({ path }) => path.endsWith('/contacts/batch/update')),
    idOf: (key) => {
      const id = sandbox.contactIds.get(key);
      if (id === undefined) throw new Error(`There is no person "${key}" in the data set.`);
      return id;
    },
    contact,
    contacts: async () => {
      const asked = [...sandbox.contactIds.values()].map((id) => {
        return contact(id).catch((error: unknown) => {
          if (error instanceof Error && error.message.includes(': 404 ')) return null;
          throw error;
        });
      });
      return (await Promise.all(asked)).filter((each) => each !== null);
    },
  };
}

function settingsOf(sandbox: HubSpotSandbox) {
  return {
    HUBSPOT_ACCESS_TOKEN: sandbox.accessToken,
    HUBSPOT_CLIENT_SECRET: sandbox.clientSecret,
    HUBSPOT_APP_ID: sandbox.appId,
  };
}

function recordingLog(lines: LogLine[]): Log {
  const keep = (level: LogLine['level']) => (details: object, message: string) => {
    lines.push({ level, message, details });
  };
  return { info: keep('info'), warn: keep('warn'), error: keep('error') };
}

/** A millisecond passes at every look, however busy the machine is. */
function startingAt(now: Date): SimulatedClock {
  let looks = 0;
  return simulatedClock({ now: () => new Date(now.getTime() + looks++) });
}

/** A database of a server is there sooner than an embedded one. */
async function freshInstallation(): Promise<Installation> {
  const [embedded] = SETUPS;
  const setup = SETUPS.find(({ name }) => name === 'postgres') ?? embedded;
  if (setup === undefined) throw new Error('There is no set-up to test on.');
  return setup.create();
}

/** Whoever lends an installation destroys it. */
function borrowed(env: SetupEnv): Installation {
  return { env, destroy: async () => {} };
}
