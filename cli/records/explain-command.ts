// The command line of `npx leadgrade explain`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { type LeadQuery, leadArgument } from '../terminal/lead-key.ts';
import { asOfOption, jsonOption } from '../terminal/options.ts';
import type { ExplainOptions } from './explain.ts';

export function explainCommand(io: CommandIo): Command {
  return new Command('explain')
    .addArgument(leadArgument())
    .addOption(asOfOption())
    .addOption(jsonOption())
    .action(async (query: LeadQuery, options: ExplainOptions) => {
      await (await import('./explain.ts')).explainLead(io, query, options);
    });
}
