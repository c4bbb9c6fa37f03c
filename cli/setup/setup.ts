// `npx leadgrade setup`: creates in the CRM the fields that the product writes. Idempotent.
import type { SetupStep } from '../../src/crm/connector.ts';
import { retrySetAside } from '../../src/store/set-aside/set-aside.ts';
import { clearPause } from '../../src/store/sync/crm-pauses.ts';
import { recheckAvailability } from '../../src/store/sync/stream-availability.ts';
import { chosenCrms } from '../product/chosen-crms.ts';
import type { Product } from '../product/open-product.ts';
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

async function run(io: CommandIo, { context }: Product, { crm, dryRun, json }: SetupOptions): Promise<void> {
  const steps: (SetupStep & { crm: string })[] = [];
  for (const connector of chosenCrms(context, crm)) {
    for await (const step of connector.applySetup(writeTarget(context.model), { dryRun }, context.signal)) {
      steps.push({ crm: connector.id, ...step });
      if (!json) io.stdout.write(`${connector.id}: ${step.what}: ${step.state.replace('-', ' ')}\n`);
    }
    if (dryRun) continue;
    // The missing fields that paused writing exist now, and streams may have become available.
    await clearPause(context.db, { crm: connector.id, direction: 'write', before: context.clock.now() });
    await recheckAvailability(context.db, connector.id);
    await retrySetAside(context.db, context.clock.now(), { crm: connector.id });
  }
  if (json) io.stdout.write(`${JSON.stringify({ dryRun, steps })}\n`);
}
