// `leadgrade backfill`: reads everything, scores everybody, writes what the CRM does not hold yet.
import { Command } from 'commander';
import type { CommandIo } from './io.ts';
import { asOfOption, jsonOption } from './options.ts';
import { runJob } from './run-job.ts';

export function backfillCommand(io: CommandIo): Command {
  return new Command('backfill')
    .description(
      'read everything from the CRM, score everybody, write what it does not hold yet; goes on where it was killed',
    )
    .addOption(asOfOption())
    .addOption(jsonOption())
    .action((options: { asOf?: Date; json: boolean }) =>
      runJob(io, {
        job: 'backfill',
        asOf: options.asOf,
        json: options.json,
        ring: async ({ context }, run, manner) => {
          for (const crm of context.crms.keys()) {
            // Killed after all was read: only scoring and writing are left.
            const isRead = run.progress[`pulled ${crm}`] === true;
            await context.ring(isRead ? 'refresh' : 'pull', { crm }, manner);
          }
        },
      }),
    );
}
