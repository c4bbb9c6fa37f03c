// The command line of `npx leadgrade setup`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { crmOption, jsonOption } from '../terminal/options.ts';
import type { SetupOptions } from './setup.ts';

export function setupCommand(io: CommandIo): Command {
  return new Command('setup')
    .option('--dry-run', 'only print what would be created', false)
    .addOption(crmOption())
    .addOption(jsonOption())
    .action(async (options: SetupOptions) => {
      await (await import('./setup.ts')).setup(io, options);
    });
}
