// The command line of `npx leadgrade erase`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { type LeadQuery, leadArgument } from '../terminal/lead-key.ts';
import { jsonOption } from '../terminal/options.ts';

export function eraseCommand(io: CommandIo): Command {
  return new Command('erase')
    .addArgument(leadArgument())
    .addOption(jsonOption())
    .action(async (query: LeadQuery, { json }: { json: boolean }) => {
      await (await import('./erase.ts')).erase(io, query, json);
    });
}
