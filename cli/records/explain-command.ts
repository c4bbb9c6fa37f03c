// The command line of `leadgrade explain`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { type LeadKey, leadKeyArgument } from '../terminal/lead-key.ts';
import { asOfOption, jsonOption } from '../terminal/options.ts';
import type { ExplainOptions } from './explain.ts';

export function explainCommand(io: CommandIo): Command {
  return new Command('explain')
    .addArgument(leadKeyArgument())
    .addOption(asOfOption())
    .addOption(jsonOption())
    .action(async (key: LeadKey, options: ExplainOptions) => {
      await (await import('./explain.ts')).explainLead(io, key, options);
    });
}
