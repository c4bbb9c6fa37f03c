// The command line of `npx leadgrade plan`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { asOfOption, jsonOption } from '../terminal/options.ts';
import type { PlanOptions } from './plan.ts';

export function planCommand(io: CommandIo): Command {
  return new Command('plan')
    .option('--model <file>', 'the changed model (default: MODEL_FILE, or mappings/model.yaml)')
    .option('--csv <file>', 'write every lead that changes to this CSV file')
    .option('--html <file>', 'write the plan as a page')
    .option('--force', 'replace existing files')
    .addOption(asOfOption())
    .addOption(jsonOption())
    .action(async (options: PlanOptions) => {
      await (await import('./plan.ts')).plan(io, options);
    });
}
