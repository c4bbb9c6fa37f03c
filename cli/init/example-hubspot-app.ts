// The HubSpot app of the shipped mapping, for a placeholder address: the files of apps/hubspot.
import { APP_NAME, hubspotApp } from '../../connectors/hubspot/setup/app/project.ts';
import { EXAMPLE_URL } from '../../connectors/hubspot/setup/app/target-url.ts';
import { loadMapping } from '../product/files/load-mapping.ts';

/** The files by their paths in the repository. */
export async function exampleHubSpotApp(): Promise<readonly (readonly [path: string, text: string])[]> {
  const parts = { url: EXAMPLE_URL, name: APP_NAME, without: new Set<string>(), formsAtOnce: false };
  const { files } = hubspotApp({ ...parts, mapping: await loadMapping('hubspot') });
  return [...files].map(([file, text]) => [`apps/hubspot/${file}`, text] as const);
}
