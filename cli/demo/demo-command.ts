// The command line of `npx leadgrade demo`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { positiveNumber } from '../terminal/options.ts';
import type { DemoOptions } from './demo.ts';

export function demoCommand(io: CommandIo): Command {
  return new Command('demo')
    .option('--once', 'exit after the report', false)
    .option(
      '--contacts <n>',
      'number of contacts in HubSpot; about a third of them are in Salesforce, too',
      positiveNumber,
      2000,
    )
    .option('--seed <n>', 'the same seed creates the same people', positiveNumber, 1)
    .action(async (options: DemoOptions) => {
      await (await import('./demo.ts')).demo(io, options);
    });
}
