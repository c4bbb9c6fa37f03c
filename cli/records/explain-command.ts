// The command line of `npx leadgrade explain`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { type LeadQuery, leadArgument } from '../terminal/lead-key.ts';
import { instant, jsonOption } from '../terminal/options.ts';
import type { ExplainOptions } from './explain.ts';

export function explainCommand(io: CommandIo): Command {
  return new Command('explain')
    .addArgument(leadArgument())
    .option('--as-of <instant>', 'replay the score of this instant (RFC 3339), from what was known then', instant)
    .option('--model <file>', 'explain with this model (default: the one in use; with --as-of, the one of that time)')
    .addOption(jsonOption())
    .action(async (query: LeadQuery, options: ExplainOptions) => {
      await (await import('./explain.ts')).explainLead(io, query, options);
    });
}
