// The command line of `npx leadgrade init hubspot-app`.
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { APP_NAME } from '../../connectors/hubspot/setup/app/project.ts';
import { OPTIONAL_SCOPES } from '../../connectors/hubspot/setup/app/scopes.ts';
import { FORM_PROPERTY } from '../../connectors/hubspot/webhook/events.ts';
import type { CommandIo } from '../terminal/io.ts';
import type { HubSpotAppOptions } from './hubspot-app.ts';

export function hubspotAppCommand(io: CommandIo): Command {
  return new Command('hubspot-app')
    .description('write the HubSpot app that sends webhooks to PUBLIC_URL, as a project for "hs project upload"')
    .option('--out <dir>', 'the folder of the project', 'hubspot-app')
    .option('--name <name>', 'the name of the app in HubSpot', APP_NAME)
    .option('--support-email <email>', 'support address for the users of the portal', parseEmail)
    .option(
      '--without <scope>',
      `omit a scope that the portal does not have (${OPTIONAL_SCOPES.join(', ')})`,
      addScope,
      [],
    )
    .option('--forms-at-once', `a workflow sets ${FORM_PROPERTY}: subscribe to its changes, too`, false)
    .option('--force', 'overwrite existing files', false)
    .action(async (options: HubSpotAppOptions, command: Command) => {
      // `init` has an option --force, too, and commander assigns the flag to `init`.
      const force = command.optsWithGlobals().force === true;
      await (await import('./hubspot-app.ts')).writeHubSpotApp(io, { ...options, force });
    });
}

function parseEmail(text: string): string {
  const parsed = z.email().safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError('It must be an e-mail address.');
  return parsed.data;
}

function addScope(text: string, before: readonly string[]): readonly string[] {
  if (OPTIONAL_SCOPES.includes(text)) return [...before, text];
  throw new InvalidArgumentError(`It must be one of ${OPTIONAL_SCOPES.join(', ')}.`);
}
