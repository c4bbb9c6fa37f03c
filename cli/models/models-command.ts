// The command lines of `npx leadgrade models`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { byOption, jsonOption, yesOption } from '../terminal/options.ts';
import type { RollbackOptions } from './rollback.ts';

const APPLIED = 'name@version, or the beginning of a hash';
const VERSION = `${APPLIED}, or a file`;

export function modelsCommand(io: CommandIo): Command {
  const load = () => import('./models.ts');
  return new Command('models')
    .addCommand(
      new Command('list')
        .description('the models that were applied, the one in use first: when, by whom, what changed')
        .addOption(jsonOption())
        .action(async ({ json }: { readonly json: boolean }) => (await load()).listAppliedModels(io, json)),
    )
    .addCommand(
      new Command('show')
        .description('the file of a model that was applied')
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
    )
    .addCommand(
      new Command('rollback')
        .description('score all leads with a model again that was applied before: shows the plan, and asks')
        .argument('<model>', APPLIED)
        .addOption(yesOption())
        .addOption(byOption())
        .addOption(jsonOption())
        .action(async (model: string, options: RollbackOptions, command: Command) => {
          if (options.json && !options.yes) command.error('error: --json needs --yes');
          await (await import('./rollback.ts')).rollback(io, model, options);
        }),
    );
}
