// `leadgrade backfill`: reads everything, scores everybody, writes what the CRM does not hold yet.
import { Command } from 'commander';
import { reportFailures, settings } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { asOfOption, jsonOption } from '../terminal/options.ts';
import { dryRun } from './dry-run.ts';
import { startRun } from './start-run.ts';

interface BackfillOptions {
  readonly asOf?: Date;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly out?: string;
}

export function backfillCommand(io: CommandIo): Command {
  return new Command('backfill')
    .description(
      'read everything from the CRM, score everybody, write what it does not hold yet; goes on where it was killed',
    )
    .option('--dry-run', 'read and score, write nothing: say who would get what, and what it would take', false)
    .option('--out <file>', "with --dry-run: write everybody's score to this CSV file")
    .addOption(asOfOption())
    .addOption(jsonOption())
    .action(({ asOf, dryRun: isDry, json, out }: BackfillOptions, command: Command) => {
      if (out !== undefined && !isDry) command.error('error: --out goes with --dry-run');
      return isDry ? reportFailures(io, () => dryRun(io, settings(io), { asOf, json, out })) : backfill(io, asOf, json);
    });
}

function backfill(io: CommandIo, asOf: Date | undefined, json: boolean): Promise<void> {
  return startRun(io, {
    job: 'backfill',
    asOf,
    json,
    ring: async ({ context }, run, manner) => {
      for (const crm of context.crms.keys()) {
        // Killed after all was read: only scoring and writing are left.
        const isRead = run.progress[`pulled ${crm}`] === true;
        await context.enqueue(isRead ? 'refresh-records' : 'sync-streams', { crm }, manner);
      }
    },
  });
}
