// The command line of `npx leadgrade migrate`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { jsonOption } from '../terminal/options.ts';
import type { MigrateOptions } from './migrate.ts';

export function migrateCommand(io: CommandIo): Command {
  return new Command('migrate')
    .option(
      '--reset',
      'first delete all data of Leadgrade in the database and in the queue; asks for confirmation',
      false,
    )
    .option('--yes', 'with --reset: do not ask', false)
    .addOption(jsonOption())
    .action(async (options: MigrateOptions, command: Command) => {
      if (options.yes && !options.reset) command.error('error: --yes needs --reset');
      await (await import('./migrate.ts')).migrate(io, options);
    });
}
