// The names of marketing e-mails: an event contains only the number of its campaign, so the name is
// read with one call per campaign and process.
import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import type { HubSpotHttp } from '../../http/client.ts';
import { type EmailEvent, emailCampaignSchema } from '../../http/responses/activities.ts';
import { isOfPart } from '../part-reader.ts';

const MAX_CACHED = 5_000;

export interface EmailName {
  readonly name: string | null;
  readonly subject: string | null;
}

const UNNAMED: EmailName = { name: null, subject: null };

/** By campaign number. */
export interface EmailNames {
  readonly names: ReadonlyMap<number, EmailName>;
  /** The campaigns that could not be read. */
  readonly failed: ReadonlyMap<number, ConnectorError>;
}

/** Returns the names of the campaigns that the events belong to. */
export type EmailNameReader = (events: readonly EmailEvent[], signal: AbortSignal) => Promise<EmailNames>;

export const NO_NAMES: EmailNameReader = async () => ({ names: new Map(), failed: new Map() });

export function createEmailNames(http: HubSpotHttp): EmailNameReader {
  const cache = new Map<number, EmailName>();
  const readOne = async (id: number, appId: number | null | undefined, signal: AbortSignal) => {
    const name = cache.get(id) ?? (await readName(http, id, appId, signal));
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(id, name);
    return name;
  };
  return async (events, signal) => {
    const names = new Map<number, EmailName>();
    const failed = new Map<number, ConnectorError>();
    const apps = new Map(events.map(({ emailCampaignId, appId }) => [emailCampaignId ?? null, appId]));
    for (const [id, appId] of apps) {
      if (id === null) continue;
      try {
        names.set(id, await readOne(id, appId, signal));
      } catch (error) {
        if (!(error instanceof ConnectorError) || !(await isOfPart(http, error, signal))) throw error;
        failed.set(id, error);
      }
    }
    return { names, failed };
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
