// `leadgrade setup`: creates in the CRM what the product writes to. Doing it again does nothing.
import { Command } from 'commander';
import type { SetupStep } from '../../src/crm/connector.ts';
import { clearPause } from '../../src/store/sync/crm-pauses.ts';
import { recheckAvailability } from '../../src/store/sync/streams.ts';
import { chosenCrms, crmOption } from '../product/chosen-crms.ts';
import type { Product } from '../product/open-product.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { jsonOption } from '../terminal/options.ts';
import { writeTarget } from './write-target.ts';

export function setupCommand(io: CommandIo): Command {
  return new Command('setup')
    .description("create the product's fields in the CRM")
    .option('--dry-run', 'only say what would be created', false)
    .addOption(crmOption())
    .addOption(jsonOption())
    .action((options: SetupOptions) => withProduct(io, { quiet: true }, (product) => run(io, product, options)));
}

interface SetupOptions {
  readonly crm?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

async function run(io: CommandIo, { context }: Product, { crm, dryRun, json }: SetupOptions): Promise<void> {
  const steps: (SetupStep & { crm: string })[] = [];
  for (const connector of chosenCrms(context, crm)) {
    for await (const step of connector.applySetup(writeTarget(context.model), { dryRun }, context.signal)) {
      steps.push({ crm: connector.id, ...step });
      if (!json) io.stdout.write(`${connector.id}: ${step.what}: ${step.state.replace('-', ' ')}\n`);
    }
    if (dryRun) continue;
    // What the writer stopped for may be there now, and what was refused may be allowed.
    await clearPause(context.db, { crm: connector.id, direction: 'write', before: context.clock.now() });
    await recheckAvailability(context.db, connector.id);
  }
  if (json) io.stdout.write(`${JSON.stringify({ dryRun, steps })}\n`);
}
