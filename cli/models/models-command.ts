// The command lines of `npx leadgrade models`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { jsonOption } from '../terminal/options.ts';

const VERSION = 'name@version, the beginning of a hash, or a file';

export function modelsCommand(io: CommandIo): Command {
  const load = () => import('./models.ts');
  return new Command('models')
    .addCommand(
      new Command('list')
        .description('the models that were used, the one in use first')
        .addOption(jsonOption())
        .action(async ({ json }: { readonly json: boolean }) => (await load()).listUsedModels(io, json)),
    )
    .addCommand(
      new Command('show')
        .description('the file of a model that was used')
        .argument('<model>', VERSION)
        .action(async (model: string) => (await load()).showModel(io, model)),
    )
    .addCommand(
      new Command('diff')
        .description('what differs between two models, in words')
        .argument('<before>', VERSION)
        .argument('[after]', `${VERSION} (default: MODEL_FILE, or mappings/model.yaml)`)
        .addOption(jsonOption())
        .action(async (before: string, after: string | undefined, { json }: { readonly json: boolean }) => {
          await (await load()).diffModels(io, before, after, json);
        }),
    );
}
