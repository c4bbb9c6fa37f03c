// The command line of `npx leadgrade recompute`: runs the nightly job now.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { asOfOption, jsonOption } from '../terminal/options.ts';

export function recomputeCommand(io: CommandIo): Command {
  return new Command('recompute')
    .addOption(asOfOption())
    .addOption(jsonOption())
    .action(async ({ asOf, json }: { asOf?: Date; json: boolean }) => {
      const { startRun } = await import('./start-run.ts');
      await startRun(io, {
        job: 'recompute',
        asOf,
        json,
        enqueue: ({ context }, _run, options) => context.enqueue('nightly', {}, options),
      });
    });
}
