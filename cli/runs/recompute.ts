// `leadgrade recompute`: the nightly job, now.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { asOfOption, jsonOption } from '../terminal/options.ts';
import { startRun } from './start-run.ts';

export function recomputeCommand(io: CommandIo): Command {
  return new Command('recompute')
    .description('do the nightly job now: catch up with the CRM and rescore everybody whose score changes by itself')
    .addOption(asOfOption())
    .addOption(jsonOption())
    .action((options: { asOf?: Date; json: boolean }) =>
      startRun(io, {
        job: 'recompute',
        asOf: options.asOf,
        json: options.json,
        ring: ({ context }, _run, manner) => context.enqueue('nightly', {}, manner),
      }),
    );
}
