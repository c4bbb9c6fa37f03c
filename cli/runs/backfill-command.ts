// The command line of `npx leadgrade backfill`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { asOfOption, jsonOption } from '../terminal/options.ts';
import type { BackfillOptions } from './backfill.ts';

export function backfillCommand(io: CommandIo): Command {
  return new Command('backfill')
    .option('--dry-run', 'read and score, write nothing: print who would get which score, and the cost', false)
    .option('--out <file>', 'with --dry-run: write the score of every record to this CSV file')
    .option('--force', 'with --out: replace an existing file')
    .addOption(asOfOption())
    .addOption(jsonOption())
    .action(async (options: BackfillOptions, command: Command) => {
      if (options.out !== undefined && !options.dryRun) command.error('error: --out needs --dry-run');
      await (await import('./backfill.ts')).backfill(io, options);
    });
}
