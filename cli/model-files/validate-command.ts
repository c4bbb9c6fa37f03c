// The command line of `npx leadgrade validate`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { asOfOption } from '../terminal/options.ts';
import type { ValidateOptions } from './validate.ts';

export function validateCommand(io: CommandIo): Command {
  return new Command('validate')
    .argument('[files...]', 'files of any kind: models, mappings of CRMs, exports or events, people.yaml')
    .option('--model <file>', 'model file (default: MODEL_FILE, or mappings/model.yaml)')
    .option(
      '--mapping <files...>',
      'mapping files of CRMs, CSV exports or events, or people.yaml (default: mappings/*.yaml except the model, and models/*.yaml)',
    )
    .option(
      '--against <leads>',
      'judge the models also by leads: store (those of the database), or a file: NDJSON, or a CSV export whose mapping is among the files',
    )
    .addOption(asOfOption())
    .option('--json', 'print the problems as JSON')
    .action(async (files: readonly string[], options: ValidateOptions) => {
      await (await import('./validate.ts')).validate(io, files, options);
    });
}
