// The command line of `npx leadgrade apply`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { jsonOption } from '../terminal/options.ts';

export function applyCommand(io: CommandIo): Command {
  return new Command('apply')
    .requiredOption('--accept', 'write the scores that the guard holds')
    .addOption(jsonOption())
    .action(async ({ json }: { readonly json: boolean }) => {
      await (await import('./accept.ts')).acceptMovement(io, { json });
    });
}
