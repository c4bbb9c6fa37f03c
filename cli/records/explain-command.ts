// The command line of `npx leadgrade explain`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { type LeadQuery, leadArgument } from '../terminal/lead-key.ts';
import { instant, jsonOption, positiveNumber } from '../terminal/options.ts';
import type { ExplainOptions } from './explain.ts';

export function explainCommand(io: CommandIo): Command {
  return new Command('explain')
    .addArgument(leadArgument())
    .option('--as-of <instant>', 'replay the score of this instant (RFC 3339), from what was known then', instant)
    .option(
      '--model <name or file>',
      'one of several models, or a model file (default: those in use; with --as-of, the live ones of that time)',
    )
    .option('--history', 'print only the history of the score, newest first')
    .option('--limit <number>', 'changes of the history (default: 5, with --history 50)', positiveNumber)
    .addOption(jsonOption())
    .action(async (query: LeadQuery, options: ExplainOptions) => {
      await (await import('./explain.ts')).explainLead(io, query, options);
    });
}
