// The command line of `npx leadgrade init`.
import { Command, InvalidArgumentError } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { hubspotAppCommand } from './hubspot-app-command.ts';
import type { InitOptions, Settings } from './init.ts';

export function initCommand(io: CommandIo): Command {
  return new Command('init')
    .option('--crm <crm>', 'the CRM to connect', 'hubspot')
    .option('--preset <name>', 'start from this model of mappings/presets: a copy in mappings/, named by MODEL_FILE')
    .option('--set <NAME=VALUE>', 'another setting to write; may be given several times', addSetting, {})
    .option('--force', 'ask again for settings that are set already', false)
    .option('--dry-run', 'start the first dry run without asking', false)
    .action(async (options: InitOptions) => {
      await (await import('./init.ts')).init(io, options);
    })
    .addCommand(hubspotAppCommand(io));
}

function addSetting(text: string, before: Settings): Settings {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('It must be NAME=VALUE, e.g. TIMEZONE=Europe/Berlin.');
  }
  return { ...before, [name]: value };
}
