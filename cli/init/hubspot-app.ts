// `npx leadgrade init hubspot-app`: writes the HubSpot developer project of this installation into a
// folder. The operator uploads it with HubSpot's command line.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type HubSpotApp, hubspotApp } from '../../connectors/hubspot/setup/app/project.ts';
import { OPTIONAL_SCOPES } from '../../connectors/hubspot/setup/app/scopes.ts';
import { loadConfig } from '../product/config.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { loadMapping } from '../product/files/load-mapping.ts';
import { reportFailures } from '../product/report-failures.ts';
import type { CommandIo } from '../terminal/io.ts';

export interface HubSpotAppOptions {
  readonly out: string;
  readonly name: string;
  readonly supportEmail?: string;
  readonly without: readonly string[];
  readonly formsAtOnce: boolean;
  readonly force: boolean;
}

export function writeHubSpotApp(io: CommandIo, options: HubSpotAppOptions): Promise<void> {
  return reportFailures(io, () => writeProject(io, options));
}

async function writeProject(io: CommandIo, options: HubSpotAppOptions): Promise<void> {
  const app = hubspotApp({
    mapping: await loadMapping('hubspot'),
    url: loadConfig(io.env).publicUrl,
    name: options.name,
    supportEmail: options.supportEmail,
    without: new Set(options.without),
    formsAtOnce: options.formsAtOnce,
  });
  const files = [...app.files].map(([file, text]) => ({ path: join(options.out, file), text }));
  const existing = files.filter(({ path }) => existsSync(path)).map(({ path }) => path);
  if (existing.length > 0 && !options.force) {
    throw new ConfigurationError(
      `${existing.join(', ')}: exists already. --force overwrites the files, --out names another folder.`,
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
  const polled = unsubscribed.map(({ object, property, reason }) => `  ${object}.${property}: ${reason}\n`).join('');
  const optional = scopes.filter((scope) => OPTIONAL_SCOPES.includes(scope)).join(', ');
  return `
${subscriptions} subscriptions, sent to ${targetUrl}
Read by polling only, because HubSpot sends no event for them:
${polled}
Next: npm install -g @hubspot/cli
      hs account auth
      (cd ${out} && hs project upload)

HubSpot then shows the app under Development > Projects > leadgrade. Install it, and copy from its Auth tab into .env:
  access token    HUBSPOT_ACCESS_TOKEN
  client secret   HUBSPOT_CLIENT_SECRET
and the number of the app into HUBSPOT_APP_ID. If HubSpot reports that the account does not have a scope, omit it:
--without accepts ${optional}.
`;
}
