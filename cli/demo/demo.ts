// `leadgrade demo`: the whole product on the sandbox CRMs, with nothing configured and nothing running.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../sandbox/salesforce/start.ts';
import { countErrors } from '../../src/store/leads/record-errors.ts';
import { openRun } from '../../src/store/sync/runs.ts';
import { readConfig } from '../product/config.ts';
import { ConfigurationError } from '../product/load-crms.ts';
import { openProduct, type Product } from '../product/open-product.ts';
import { createLog, reportFailures } from '../product/with-product.ts';
import { followRun } from '../runs/follow-run.ts';
import { writeTarget } from '../setup/write-target.ts';
import type { CommandIo } from '../terminal/io.ts';
import { waitForShutdownSignal } from '../terminal/shutdown-signal.ts';
import { type Calls, callsSince, fewestReads, fewestWrites } from './api-calls.ts';
import { contactsInHubSpot } from './hubspot-view.ts';
import { type Cost, demoReport, type InBoth } from './report.ts';
import { salesforcePeople } from './salesforce-people.ts';
import { peopleInSalesforce } from './salesforce-view.ts';
import type { SeenRecord } from './seen-record.ts';
import { type SimulatedClock, simulatedClock } from './simulated-clock.ts';
import { type Actor, simulateDays } from './simulated-days.ts';

interface DemoOptions {
  readonly once: boolean;
  readonly contacts: number;
  readonly seed: number;
}

interface Crms {
  readonly hubspot: HubSpotSandbox;
  readonly salesforce: SalesforceSandbox;
}

interface Stage extends Crms {
  readonly product: Product;
  readonly clock: SimulatedClock;
  readonly dataset: Dataset;
}

export function demoCommand(io: CommandIo): Command {
  return new Command('demo')
    .description('the whole product on two local CRMs, with nothing configured: three days of it, and what reps see')
    .option('--once', 'exit after the report', false)
    .option(
      '--contacts <n>',
      'how many contacts HubSpot has; about a third of them are in Salesforce, too',
      wholeNumber,
      2000,
    )
    .option('--seed <n>', 'the same seed gives the same people', wholeNumber, 1)
    .action((options: DemoOptions) => reportFailures(io, () => run(io, options)));
}

async function run(io: CommandIo, options: DemoOptions): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'leadgrade-demo-'));
  const clock = simulatedClock(io.clock);
  const dataset = seededDataset({ contacts: options.contacts, seed: options.seed, now: clock.now() });
  const sales = salesforcePeople(dataset);
  const hubspot = await startHubSpotSandbox({ port: 0, dataset, clock });
  const salesforce = await startSalesforceSandbox({ port: 0, dataset: sales, clock });
  const crms = { hubspot, salesforce };
  try {
    io.stderr.write(`Sandbox HubSpot with ${options.contacts} contacts at ${hubspot.url}\n`);
    io.stderr.write(`Sandbox Salesforce with ${sales.people.length} of them at ${salesforce.url}\n`);
    const product = await openProduct(settingsFor(crms, dataDir), { clock, log: createLog(io, 'error') });
    try {
      await play(io, { ...crms, product, clock, dataset }, options);
    } finally {
      await product.close();
    }
  } finally {
    await Promise.all([hubspot.close(), salesforce.close()]);
    await rm(dataDir, { recursive: true, force: true });
  }
}

function settingsFor({ hubspot, salesforce }: Crms, dataDir: string) {
  const read = readConfig({
    DATA_DIR: dataDir,
    HUBSPOT_API_URL: hubspot.url,
    HUBSPOT_ACCESS_TOKEN: hubspot.accessToken,
    SALESFORCE_LOGIN_URL: salesforce.url,
    SALESFORCE_CLIENT_ID: salesforce.clientId,
    SALESFORCE_CLIENT_SECRET: salesforce.clientSecret,
  });
  if ('problems' in read) throw new ConfigurationError(read.problems);
  return read.config;
}

async function play(io: CommandIo, stage: Stage, options: DemoOptions): Promise<void> {
  const { product, hubspot, salesforce } = stage;
  const { context } = product;
  const stopped = options.once ? null : waitForShutdownSignal();
  product.work();
  await setUp(io, product);
  const first = await backfill(io, stage);
  const before = await callsMade(stage);
  io.stderr.write('Living through three days...\n');
  const days = await simulateDays({ ...stage, io, actors: actorsOf(stage), seed: options.seed });
  const lived = (await callsMade(stage, before)).flatMap(({ name, reads, writes }): Cost[] => [
    { what: `${name}, three days: keeping up with changes`, calls: reads, least: null },
    { what: `${name}, three days: writing what changed`, calls: writes, least: null },
  ]);
  const contacts = await contactsInHubSpot(hubspot);
  const report = demoReport({
    contacts,
    both: inBothOf(stage, contacts, await peopleInSalesforce(salesforce)),
    bands: context.model.compiled.bands,
    model: context.model.compiled.id,
    days,
    costs: [...first, ...lived],
    errors: await countErrors(context.db, [...context.crms.keys()]),
  });
  io.stdout.write(`${report}\n`);
  if (stopped === null) return;
  io.stderr.write(`\nThe sandboxes serve at ${hubspot.url} and ${salesforce.url} until Ctrl+C.\n`);
  await stopped;
}

/** Who has no e-mail address cannot send a form. */
function actorsOf({ dataset, hubspot, salesforce }: Stage): readonly Actor[] {
  return dataset.people.flatMap(({ key, email }) => {
    const contactId = hubspot.contactIds.get(key);
    if (email === null || contactId === undefined) return [];
    return [{ contactId, personId: personIn(salesforce, key) }];
  });
}

function personIn({ leadIds, contactIds }: SalesforceSandbox, key: string): string | null {
  return contactIds.get(key) ?? leadIds.get(key) ?? null;
}

function inBothOf(
  { dataset, hubspot, salesforce }: Stage,
  contacts: readonly SeenRecord[],
  people: readonly SeenRecord[],
): readonly InBoth[] {
  const [inHubSpot, inSalesforce] = [contacts, people].map((seen) => new Map(seen.map((each) => [each.id, each])));
  return dataset.people.flatMap(({ key, email }) => {
    const one = inHubSpot?.get(hubspot.contactIds.get(key) ?? '');
    const other = inSalesforce?.get(personIn(salesforce, key) ?? '');
    // Without an address nothing says that the two are one person.
    return email === null || one === undefined || other === undefined ? [] : [{ hubspot: one, salesforce: other }];
  });
}

async function setUp(io: CommandIo, { context }: Product): Promise<void> {
  for (const { connector } of context.crms.values()) {
    let created = 0;
    for await (const step of connector.applySetup(writeTarget(context.model), { dryRun: false }, context.signal)) {
      if (step.state === 'created') created += 1;
    }
    io.stderr.write(`Setup: ${created} things created in ${connector.id}\n`);
  }
}

interface CrmCalls extends Calls {
  readonly crm: string;
  readonly name: string;
  /** Where the log ends. */
  readonly end: number;
}

/** What each CRM was asked, in all or since `before`. */
async function callsMade(
  { hubspot, salesforce }: Crms,
  before: readonly CrmCalls[] = [],
): Promise<readonly CrmCalls[]> {
  const from = (crm: string) => before.find((each) => each.crm === crm)?.end ?? 0;
  return [
    { crm: 'hubspot', name: 'HubSpot', ...(await callsSince('hubspot', hubspot, from('hubspot'))) },
    { crm: 'salesforce', name: 'Salesforce', ...(await callsSince('salesforce', salesforce, from('salesforce'))) },
  ];
}

async function backfill(io: CommandIo, stage: Stage): Promise<readonly Cost[]> {
  const { context } = stage.product;
  const before = await callsMade(stage);
  const run = await openRun(context.db, { job: 'backfill', slot: null, state: 'running' }, context.clock.now());
  if (!run) throw new Error('The run of the backfill could not be opened.');
  for (const crm of context.crms.keys()) await context.enqueue('sync-streams', { crm });
  const { pauses } = await followRun(stage.product, run.id, io);
  if (pauses[0]) throw new Error(`the backfill stopped: ${pauses[0].message}`);
  const costs: Cost[] = [];
  for (const { crm, name, reads, writes, written } of await callsMade(stage, before)) {
    const least = await fewestReads(context.db, crm);
    costs.push({ what: `${name}: reading everything for the first time`, calls: reads, least });
    costs.push({
      what: `${name}: writing ${written.length} records`,
      calls: writes,
      least: fewestWrites(crm, written),
    });
  }
  return costs;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}
