// The command line of `leadgrade erase`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { type LeadKey, leadKeyArgument } from '../terminal/lead-key.ts';
import { jsonOption } from '../terminal/options.ts';

export function eraseCommand(io: CommandIo): Command {
  return new Command('erase')
    .addArgument(leadKeyArgument())
    .addOption(jsonOption())
    .action(async (key: LeadKey, { json }: { json: boolean }) => {
      await (await import('./erase.ts')).erase(io, key, json);
    });
}
