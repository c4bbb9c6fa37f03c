// `leadgrade init hubspot-app`: writes the HubSpot developer project of this installation into a folder, to be uploaded by
// HubSpot's command line.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { APP_NAME, type HubSpotApp, hubspotApp } from '../../connectors/hubspot/setup/app/project.ts';
import { OPTIONAL_SCOPES } from '../../connectors/hubspot/setup/app/scopes.ts';
import { FORM_PROPERTY } from '../../connectors/hubspot/webhook/events.ts';
import { ConfigurationError, loadMapping } from '../product/load-crms.ts';
import { reportFailures, settings } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';

interface HubSpotAppOptions {
  readonly out: string;
  readonly name: string;
  readonly supportEmail?: string;
  readonly without: readonly string[];
  readonly formsAtOnce: boolean;
  readonly force: boolean;
}

export function hubspotAppCommand(io: CommandIo): Command {
  return new Command('hubspot-app')
    .description('write the HubSpot app that sends webhooks to PUBLIC_URL, as a project for "hs project upload"')
    .option('--out <dir>', 'the folder of the project', 'hubspot-app')
    .option('--name <name>', 'what HubSpot calls the app', APP_NAME)
    .option('--support-email <email>', 'whom people of the portal may ask', email)
    .option('--without <scope>', `leave out a scope that the portal lacks (${OPTIONAL_SCOPES.join(', ')})`, scope, [])
    .option('--forms-at-once', `a workflow sets ${FORM_PROPERTY}: have its change sent as well`, false)
    .option('--force', 'overwrite files that are there', false)
    .action((options: HubSpotAppOptions, command: Command) => {
      // `init` has a --force as well, and takes this one for its own.
      const force = command.optsWithGlobals().force === true;
      return reportFailures(io, () => writeApp(io, { ...options, force }));
    });
}

function email(text: string): string {
  const parsed = z.email().safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError('It must be an e-mail address.');
  return parsed.data;
}

function scope(text: string, before: readonly string[]): readonly string[] {
  if (OPTIONAL_SCOPES.includes(text)) return [...before, text];
  throw new InvalidArgumentError(`It must be one of ${OPTIONAL_SCOPES.join(', ')}.`);
}

async function writeApp(io: CommandIo, options: HubSpotAppOptions): Promise<void> {
  const mapping = await loadMapping('hubspot');
  const without = new Set(options.without);
  const app = hubspotApp({ ...options, mapping, url: settings(io).publicUrl, without });
  const files = [...app.files].map(([file, text]) => ({ path: join(options.out, file), text }));
  const there = files.filter(({ path }) => existsSync(path)).map(({ path }) => path);
  if (there.length > 0 && !options.force) {
    throw new ConfigurationError(
      `${there.join(', ')}: there already. --force overwrites them, --out names another folder.`,
    );
  }
  for (const { path, text } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    io.stdout.write(`${path}\n`);
  }
  io.stdout.write(summary(app, options.out));
}

function summary({ targetUrl, subscriptions, unsubscribed, scopes }: HubSpotApp, out: string): string {
  const left = unsubscribed.map(({ object, property, reason }) => `  ${object}.${property}: ${reason}\n`).join('');
  const optional = scopes.filter((each) => OPTIONAL_SCOPES.includes(each)).join(', ');
  return `
${subscriptions} subscriptions, sent to ${targetUrl}
Read, but not sent (polling finds them):
${left}
Next: npm install -g @hubspot/cli
      hs account auth
      (cd ${out} && hs project upload)

HubSpot then shows the app under Development > Projects > leadgrade. Install it, and copy from its Auth tab into .env:
  access token    HUBSPOT_ACCESS_TOKEN
  client secret   HUBSPOT_CLIENT_SECRET
and the number of the app into HUBSPOT_APP_ID. When HubSpot says that the account lacks a scope, leave it out:
--without takes ${optional}.
`;
}
