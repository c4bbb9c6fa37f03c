// The command line of `npx leadgrade score`.
import { Command, Option } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import type { ScoreOptions } from './score.ts';

export function scoreCommand(io: CommandIo): Command {
  return new Command('score')
    .option(
      '--model <file>',
      'model file (default: MODEL_FILE, or mappings/model.yaml; with --store, the live models of that time, or one by its name)',
    )
    .option('--input <file>', 'leads as NDJSON, one a line; - is standard input', '-')
    .addOption(new Option('--csv <file>', 'leads as a CSV export, one a row; needs --mapping').conflicts('input'))
    .option('--mapping <file>', 'the meaning of the columns of the CSV file (docs/exports.md)')
    .option('--out <file>', 'write the rows of the CSV file with added score columns')
    .option('--force', 'with --out: replace an existing file')
    .addOption(
      new Option('--store', 'replay all stored leads as of --as-of, from what was known then').conflicts([
        'input',
        'csv',
        'mapping',
        'out',
        'force',
        'sample',
      ]),
    )
    .option('--sample', 'print how often each case and signal matches in the file, instead of the results')
    .option('--as-of <instant>', 'score as of this RFC 3339 instant (default: now)')
    .option('--json', 'print JSON: one result a line, or the sample')
    .action(async (options: ScoreOptions & { readonly store?: true }, command: Command) => {
      if (options.store) {
        const { parseInstant } = await import('../../src/scoring/time/instant.ts');
        const at = parseInstant(options.asOf ?? '');
        if (at === null) command.error('error: --store needs --as-of with an instant, e.g. 2026-11-01T00:00:00Z');
        const { scoreStore } = await import('../replay/score-store.ts');
        return scoreStore(io, { ...options, asOf: new Date(at) });
      }
      await (await import('./load-zod.ts')).loadZod();
      await (await import('./score.ts')).score(io, options);
    });
}
