// `npx leadgrade setup`: creates in the CRM the fields that the product writes. Idempotent.
import type { CrmConnector, SetupStep } from '../../src/crm/connector.ts';
import { retrySetAside } from '../../src/store/set-aside/set-aside.ts';
import { clearPause } from '../../src/store/sync/crm-pauses.ts';
import { recheckAvailability } from '../../src/store/sync/stream-availability.ts';
import { chosenCrms } from '../product/chosen-crms.ts';
import type { Product } from '../product/open-product.ts';
import { reportFailures } from '../product/report-failures.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { writeTarget } from './write-target.ts';

export interface SetupOptions {
  readonly crm?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export function setup(io: CommandIo, options: SetupOptions): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, (product) => run(io, product, options));
}

async function run(io: CommandIo, product: Product, { crm, dryRun, json }: SetupOptions): Promise<void> {
  const { context } = product;
  const steps: CrmStep[] = [];
  const report = (step: CrmStep) => {
    steps.push(step);
    if (!json) io.stdout.write(`${step.crm}: ${step.what}: ${step.state.replace('-', ' ')}\n`);
  };
  // A CRM that cannot be set up keeps no other from it.
  for (const connector of chosenCrms(context, crm))
    if (!context.signal.aborted) await reportFailures(io, () => setUp(product, connector, { dryRun, report }));
  if (json) io.stdout.write(`${JSON.stringify({ dryRun, steps })}\n`);
}

type CrmStep = SetupStep & { readonly crm: string };

async function setUp(
  { context }: Product,
  connector: CrmConnector,
  { dryRun, report }: { readonly dryRun: boolean; readonly report: (step: CrmStep) => void },
): Promise<void> {
  const { db, clock, signal } = context;
  for await (const step of connector.applySetup(writeTarget(context.models), { dryRun }, signal))
    report({ crm: connector.id, ...step });
  if (dryRun) return;
  // The missing fields that paused writing exist now, and streams may have become available.
  await clearPause(db, { crm: connector.id, direction: 'write', before: clock.now() });
  await recheckAvailability(db, connector.id);
  await retrySetAside(db, clock.now(), { crm: connector.id });
}
