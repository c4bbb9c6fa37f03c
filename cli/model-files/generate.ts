// `npm run gen`: generates files from the code: .env.example from the schemas of the settings, the
// JSON Schemas of model, mapping, people and events, and the HubSpot app of the shipped mapping.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { connectorIds, loadConnector } from '../../connectors/registry.ts';
import { exampleHubSpotApp } from '../init/example-hubspot-app.ts';
import { SETTING_NOTES, settingDefaults } from '../product/settings-schema.ts';
import { editorSchemas } from './editor-schemas.ts';

const HEAD = `# Settings of Leadgrade. Copy this file to .env and fill in what you use; everything else has a default.
# Each setting may also come as NAME_FILE, the name of a file that holds its value (Docker and Kubernetes secrets).
# What is set in the environment wins over this file.`;

/** The text of .env.example: Leadgrade's own settings, then those of every connector. */
export async function envExample(): Promise<string> {
  const defaults = settingDefaults();
  const own = Object.entries(SETTING_NOTES).map(([name, { about }]) => entry(name, about, defaults[name]));
  const connectors = await Promise.all((await connectorIds()).map(connectorEntries));
  return [HEAD, ...own, ...connectors.flat(), ''].join('\n\n').replace(/\n+$/, '\n');
}

async function connectorEntries(id: string): Promise<readonly string[]> {
  const { settingsSchema } = await loadConnector(id);
  const entries = Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const optional = schema.safeParse(undefined);
    const note = optional.success ? '' : `Required for ${id}.`;
    return entry(name, [note, schema.description ?? ''].filter(Boolean).join(' '), optional.data);
  });
  return [`# --- ${id} ---`, ...entries];
}

/** Every setting is commented out: an empty value in a copied file would override the default. */
function entry(name: string, about: string, value: unknown): string {
  const note = about === '' ? [] : [`# ${about}`];
  return [...note, `#${name}=${value === undefined ? '' : String(value)}`].join('\n');
}

if (import.meta.main) {
  const files = new Map([['.env.example', await envExample()], ...editorSchemas(), ...(await exampleHubSpotApp())]);
  for (const [file, text] of files) {
    const path = join(import.meta.dirname, '..', '..', file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
