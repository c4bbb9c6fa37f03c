// `leadgrade demo`: the whole product on the sandbox CRMs, with nothing configured and nothing running.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import { readConfig } from '../config.ts';
import { ConfigurationError } from '../load-crms.ts';
import { openProduct, type Product } from '../main.ts';
import { countErrors } from '../store/record-errors.ts';
import { openRun } from '../store/runs.ts';
import { callsSince, fewestReads, fewestWrites } from './demo/costs.ts';
import { liveThroughDays } from './demo/days.ts';
import { type Cost, demoReport } from './demo/report.ts';
import { seenContacts } from './demo/sandbox-client.ts';
import { type SimulatedClock, simulatedClock } from './demo/simulated-clock.ts';
import { followRun } from './follow.ts';
import type { CommandIo } from './io.ts';
import { createLog, reportFailures } from './open.ts';
import { terminated } from './signals.ts';
import { writeTarget } from './write-target.ts';

interface DemoOptions {
  readonly once: boolean;
  readonly contacts: number;
  readonly seed: number;
}

interface Stage {
  readonly product: Product;
  readonly sandbox: HubSpotSandbox;
  readonly clock: SimulatedClock;
  readonly dataset: Dataset;
}

export function demoCommand(io: CommandIo): Command {
  return new Command('demo')
    .description('the whole product on a local CRM, with nothing configured: three days of it, and what reps see')
    .option('--once', 'exit after the report', false)
    .option('--contacts <n>', 'how many contacts the CRM has', wholeNumber, 2000)
    .option('--seed <n>', 'the same seed gives the same people', wholeNumber, 1)
    .action((options: DemoOptions) => reportFailures(io, () => run(io, options)));
}

async function run(io: CommandIo, options: DemoOptions): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'leadgrade-demo-'));
  const clock = simulatedClock(io.clock);
  const dataset = seededDataset({ contacts: options.contacts, seed: options.seed, now: clock.now() });
  const sandbox = await startHubSpotSandbox({ port: 0, dataset, clock });
  try {
    io.stderr.write(`Sandbox HubSpot with ${options.contacts} contacts at ${sandbox.url}\n`);
    const product = await openProduct(settingsFor(sandbox, dataDir), { clock, log: createLog(io, 'error') });
    try {
      await play(io, { product, sandbox, clock, dataset }, options);
    } finally {
      await product.close();
    }
  } finally {
    await sandbox.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function settingsFor(sandbox: HubSpotSandbox, dataDir: string) {
  const read = readConfig({
    DATA_DIR: dataDir,
    HUBSPOT_API_URL: sandbox.url,
    HUBSPOT_ACCESS_TOKEN: sandbox.accessToken,
    HUBSPOT_CLIENT_SECRET: sandbox.clientSecret,
    HUBSPOT_APP_ID: sandbox.appId,
  });
  if ('problems' in read) throw new ConfigurationError(read.problems);
  return read.config;
}

async function play(io: CommandIo, stage: Stage, options: DemoOptions): Promise<void> {
  const { product, sandbox } = stage;
  const { context } = product;
  const stopped = options.once ? null : terminated();
  product.work();
  await setUp(io, product);
  const first = await backfill(io, stage);
  const start = (await callsSince(sandbox, 0)).end;
  io.stderr.write('Living through three days...\n');
  // Who has no e-mail address cannot send a form.
  const contactIds = stage.dataset.people.flatMap(({ key, email }) =>
    email === null ? [] : (sandbox.contactIds.get(key) ?? []),
  );
  const days = await liveThroughDays({ ...stage, io, contactIds, seed: options.seed });
  const lived = await callsSince(sandbox, start);
  const fewest = days.reduce((sum, day) => sum + fewestWrites(day.writtenByNight) + fewestWrites(day.writtenByDay), 0);
  const costs: Cost[] = [
    ...first,
    { what: 'Three days: keeping up with changes', calls: lived.reads, least: null },
    { what: 'Three days: writing what changed', calls: lived.writes, least: fewest },
  ];
  const report = demoReport({
    contacts: await seenContacts(sandbox),
    bands: context.model.compiled.bands,
    model: context.model.compiled.id,
    days,
    costs,
    errors: await countErrors(context.db),
  });
  io.stdout.write(`${report}\n`);
  if (stopped === null) return;
  io.stderr.write(`\nThe sandbox serves at ${sandbox.url} until Ctrl+C.\n`);
  await stopped;
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

async function backfill(io: CommandIo, { product, sandbox }: Stage): Promise<readonly Cost[]> {
  const { context } = product;
  const before = (await callsSince(sandbox, 0)).end;
  const run = await openRun(context.db, { job: 'backfill', slot: null, state: 'running' }, context.clock.now());
  if (!run) throw new Error('The run of the backfill could not be opened.');
  for (const crm of context.crms.keys()) await context.ring('pull', { crm });
  const { written, halts } = await followRun(product, run.id, io);
  if (halts[0]) throw new Error(`the backfill stopped: ${halts[0].message}`);
  const { reads, writes } = await callsSince(sandbox, before);
  return [
    { what: 'Reading everything for the first time', calls: reads, least: await fewestReads(context.db) },
    { what: `Writing ${written} contacts`, calls: writes, least: fewestWrites(written) },
  ];
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}
