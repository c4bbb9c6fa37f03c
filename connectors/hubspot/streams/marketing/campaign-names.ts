// The names of marketing e-mails: an event contains only the number of its campaign, so the name is
// read with one call per campaign and process.
import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import type { HubSpotHttp } from '../../http/client.ts';
import { type EmailEvent, emailCampaignSchema } from '../../http/responses/activities.ts';

const MAX_CACHED = 5_000;

export interface EmailName {
  readonly name: string | null;
  readonly subject: string | null;
}

const UNNAMED: EmailName = { name: null, subject: null };

/** Returns the names of the campaigns that the events belong to, by campaign number. */
export type EmailNames = (
  events: readonly EmailEvent[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<number, EmailName>>;

export function createEmailNames(http: HubSpotHttp): EmailNames {
  const cache = new Map<number, EmailName>();
  return async (events, signal) => {
    const found = new Map<number, EmailName>();
    for (const { emailCampaignId: id, appId } of events) {
      if (id === null || id === undefined || found.has(id)) continue;
      const name = cache.get(id) ?? (await readName(http, id, appId, signal));
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(id, name);
      found.set(id, name);
    }
    return found;
  };
}

async function readName(
  http: HubSpotHttp,
  id: number,
  appId: number | null | undefined,
  signal: AbortSignal,
): Promise<EmailName> {
  const path = http.paths.emailCampaign(String(id));
  const query: Record<string, string> = appId === null || appId === undefined ? {} : { appId: String(appId) };
  try {
    const response = await http.call(
      { what: 'reading the name of a marketing email', path, query, responseSchema: emailCampaignSchema },
      signal,
    );
    return { name: response.name ?? null, subject: response.subject ?? null };
  } catch (error) {
    // The campaign was deleted; its events still count.
    if (error instanceof ConnectorError && error.kind === 'not-found') return UNNAMED;
    throw error;
  }
}
