// The first part of the demo: setup and backfill, with their API calls.
import { openRun } from '../../src/store/sync/runs.ts';
import type { Product } from '../product/open-product.ts';
import { followRun } from '../runs/follow-run.ts';
import { writeTarget } from '../setup/write-target.ts';
import type { CommandIo } from '../terminal/io.ts';
import { type Calls, callsSince, minimumReads, minimumWrites } from './api-calls.ts';
import type { Cost } from './report.ts';
import type { SandboxAddress } from './sandbox-log.ts';

export async function setUpCrms(io: CommandIo, { context }: Product): Promise<void> {
  for (const { connector } of context.crms.values()) {
    let created = 0;
    for await (const step of connector.applySetup(writeTarget(context.models), { dryRun: false }, context.signal)) {
      if (step.state === 'created') created += 1;
    }
    io.stderr.write(`Setup: ${created} items created in ${connector.id}\n`);
  }
}

interface Sandboxes {
  readonly hubspot: SandboxAddress;
  readonly salesforce: SandboxAddress;
}

interface CrmCalls extends Calls {
  readonly crm: string;
  readonly name: string;
  /** The length of the sandbox's log. */
  readonly end: number;
}

/** The API calls to each CRM, in total or since `before`. */
export async function countCalls(
  { hubspot, salesforce }: Sandboxes,
  before: readonly CrmCalls[] = [],
): Promise<readonly CrmCalls[]> {
  const startOf = (crm: string) => before.find((calls) => calls.crm === crm)?.end ?? 0;
  return [
    { crm: 'hubspot', name: 'HubSpot', ...(await callsSince('hubspot', hubspot, startOf('hubspot'))) },
    { crm: 'salesforce', name: 'Salesforce', ...(await callsSince('salesforce', salesforce, startOf('salesforce'))) },
  ];
}

export async function runBackfill(io: CommandIo, product: Product, sandboxes: Sandboxes): Promise<readonly Cost[]> {
  const { context } = product;
  const before = await countCalls(sandboxes);
  const run = await openRun(context.db, { job: 'backfill', slot: null, state: 'running' }, context.clock.now());
  if (!run) throw new Error('The run of the backfill could not be opened.');
  for (const crm of context.crms.keys()) await context.enqueue('sync-streams', { crm });
  const { pauses } = await followRun(product, run.id, io);
  if (pauses[0]) throw new Error(`the backfill stopped: ${pauses[0].message}`);
  const costs: Cost[] = [];
  for (const { crm, name, reads, writes, written } of await countCalls(sandboxes, before)) {
    const minimum = await minimumReads(context.db, crm);
    costs.push({ what: `${name}: reading everything for the first time`, calls: reads, minimum });
    costs.push({
      what: `${name}: writing ${written.length} records`,
      calls: writes,
      minimum: minimumWrites(crm, written),
    });
  }
  return costs;
}
