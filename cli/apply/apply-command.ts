// The command line of `npx leadgrade apply`.
import { Command } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { byOption, jsonOption, yesOption } from '../terminal/options.ts';
import type { ApplyOptions } from './apply.ts';

interface Options extends ApplyOptions {
  readonly accept?: true;
}

export function applyCommand(io: CommandIo): Command {
  return new Command('apply')
    .argument('[plan]', 'the file of a plan (plan --json > plan.json): apply it without a question, if it still fits')
    .option('--model <file>', 'the model to apply (default: MODEL_FILE, or mappings/model.yaml)')
    .option('--promote <name>', 'make this shadow model live: the list of models then needs role: live')
    .option('--accept', 'apply no model: write the scores that the guard holds')
    .addOption(yesOption())
    .addOption(byOption())
    .addOption(jsonOption())
    .action(async (plan: string | undefined, { accept, ...options }: Options, command: Command) => {
      if (accept) {
        if (plan !== undefined || options.model !== undefined || options.promote !== undefined)
          command.error('error: --accept applies no model: omit the plan, --model and --promote');
        await (await import('./accept.ts')).acceptMovement(io, options);
        return;
      }
      if (plan !== undefined && (options.model !== undefined || options.promote !== undefined))
        command.error('error: a plan names its models: omit --model and --promote');
      if (options.json && plan === undefined && !options.yes) command.error('error: --json needs --yes, or a plan');
      await (await import('./apply.ts')).apply(io, plan, options);
    });
}
