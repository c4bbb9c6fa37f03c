// The events of a marketing e-mail carry its campaign's number: names come by one call for each campaign, once a process.
import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import type { HubSpotHttp } from '../../http/client.ts';
import { type EmailEvent, emailCampaignAnswer } from '../../http/responses.ts';

const MOST_KEPT = 5_000;

export interface EmailName {
  readonly name: string | null;
  readonly subject: string | null;
}

const UNNAMED: EmailName = { name: null, subject: null };

/** Names by campaign, for all that these events belong to. */
export type EmailNames = (
  events: readonly EmailEvent[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<number, EmailName>>;

export function createEmailNames(http: HubSpotHttp): EmailNames {
  const kept = new Map<number, EmailName>();
  return async (events, signal) => {
    const found = new Map<number, EmailName>();
    for (const { emailCampaignId: id, appId } of events) {
      if (id === null || id === undefined || found.has(id)) continue;
      const name = kept.get(id) ?? (await readName(http, id, appId, signal));
      if (kept.size >= MOST_KEPT) kept.clear();
      kept.set(id, name);
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
    const answer = await http.call(
      { what: 'reading the name of a marketing email', path, query, answer: emailCampaignAnswer },
      signal,
    );
    return { name: answer.name ?? null, subject: answer.subject ?? null };
  } catch (error) {
    // Deleted since: what it set off has happened all the same.
    if (error instanceof ConnectorError && error.kind === 'not-found') return UNNAMED;
    throw error;
  }
}
