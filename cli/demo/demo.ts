// `npx leadgrade demo`: the whole product on the sandbox CRMs, without any settings or services.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../sandbox/salesforce/start.ts';
import { countErrors } from '../../src/store/leads/record-errors.ts';
import { type Config, loadConfig } from '../product/config.ts';
import { openProduct, type Product } from '../product/open-product.ts';
import { reportFailures } from '../product/report-failures.ts';
import { createLog } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { waitForShutdownSignal } from '../terminal/shutdown-signal.ts';
import { countCalls, runBackfill, setUpCrms } from './first-backfill.ts';
import { compareShadows, DEMO_MODELS, demoMapping, readFigures } from './models.ts';
import { findActors } from './people.ts';
import { type Cost, demoReport } from './report.ts';
import { salesforcePeople } from './salesforce-people.ts';
import { type SimulatedClock, simulatedClock } from './simulated-clock.ts';
import { type Day, simulateDays } from './simulated-days.ts';

export interface DemoOptions {
  readonly once: boolean;
  readonly contacts: number;
  readonly seed: number;
}

interface Sandboxes {
  readonly hubspot: HubSpotSandbox;
  readonly salesforce: SalesforceSandbox;
}

export interface DemoEnvironment extends Sandboxes {
  readonly product: Product;
  readonly clock: SimulatedClock;
  readonly dataset: Dataset;
}

export function demo(io: CommandIo, options: DemoOptions): Promise<void> {
  return reportFailures(io, () => withDemo(io, options, (environment) => play(io, environment, options)));
}

/** Starts the CRMs and opens the product with the models of the demo; closes all of it after `work`. */
export async function withDemo(
  io: CommandIo,
  { contacts, seed }: Pick<DemoOptions, 'contacts' | 'seed'>,
  work: (environment: DemoEnvironment) => Promise<void>,
): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'leadgrade-demo-'));
  const clock = simulatedClock(io.clock);
  const dataset = seededDataset({ contacts, seed, now: clock.now() });
  const sales = salesforcePeople(dataset);
  const hubspot = await startHubSpotSandbox({ port: 0, dataset, clock });
  const salesforce = await startSalesforceSandbox({ port: 0, dataset: sales, clock });
  const sandboxes = { hubspot, salesforce };
  try {
    io.stderr.write(`Sandbox HubSpot with ${contacts} contacts at ${hubspot.url}\n`);
    io.stderr.write(`Sandbox Salesforce with ${sales.people.length} of them at ${salesforce.url}\n`);
    const parts = { clock, log: createLog(io, 'error'), mappingOf: demoMapping };
    const product = await openProduct(configFor(sandboxes, dataDir), parts);
    try {
      await work({ ...sandboxes, product, clock, dataset });
    } finally {
      await product.close();
    }
  } finally {
    await Promise.all([hubspot.close(), salesforce.close()]);
    await rm(dataDir, { recursive: true, force: true });
  }
}

function configFor({ hubspot, salesforce }: Sandboxes, dataDir: string): Config {
  return loadConfig({
    DATA_DIR: dataDir,
    MODEL_FILE: DEMO_MODELS,
    HUBSPOT_API_URL: hubspot.url,
    HUBSPOT_ACCESS_TOKEN: hubspot.accessToken,
    SALESFORCE_LOGIN_URL: salesforce.url,
    SALESFORCE_CLIENT_ID: salesforce.clientId,
    SALESFORCE_CLIENT_SECRET: salesforce.clientSecret,
  });
}

interface Played {
  readonly days: readonly Day[];
  readonly costs: readonly Cost[];
}

/** Setup, the first backfill, and three simulated days. */
export async function playThreeDays(io: CommandIo, environment: DemoEnvironment, seed: number): Promise<Played> {
  const { product } = environment;
  product.work();
  await setUpCrms(io, product);
  const backfillCosts = await runBackfill(io, product, environment);
  const before = await countCalls(environment);
  io.stderr.write('Simulating three days...\n');
  const days = await simulateDays({ ...environment, io, actors: findActors(environment), seed });
  const dayCosts = (await countCalls(environment, before)).flatMap(({ name, reads, writes }): Cost[] => [
    { what: `${name}, three days: reading changes`, calls: reads, minimum: null },
    { what: `${name}, three days: writing changed scores`, calls: writes, minimum: null },
  ]);
  return { days, costs: [...backfillCosts, ...dayCosts] };
}

async function play(io: CommandIo, environment: DemoEnvironment, options: DemoOptions): Promise<void> {
  const { hubspot, salesforce, product } = environment;
  const { db, crms } = product.context;
  const stopped = options.once ? null : waitForShutdownSignal();
  const played = await playThreeDays(io, environment, options.seed);
  const report = demoReport({
    ...played,
    models: await readFigures(environment),
    shadows: await compareShadows(environment),
    errors: await countErrors(db, [...crms.keys()]),
  });
  io.stdout.write(`${report}\n`);
  if (stopped === null) return;
  io.stderr.write(`\nThe sandboxes serve at ${hubspot.url} and ${salesforce.url} until Ctrl+C.\n`);
  await stopped;
}
