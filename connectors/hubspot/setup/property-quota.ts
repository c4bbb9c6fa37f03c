// How many custom contact properties the portal may have, and how many it has.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { limitsAnswer } from '../http/responses.ts';
import { CONTACT_TYPE_ID } from './score-properties.ts';

export interface Quota {
  readonly limit: number;
  readonly usage: number;
}

/** Null where this token may not see it: creating a property will then tell. */
export async function readQuota(http: HubSpotHttp, signal: AbortSignal): Promise<Quota | null> {
  const path = http.paths.customPropertyLimits;
  try {
    const answer = await http.call({ what: 'reading the property quota', path, answer: limitsAnswer }, signal);
    return answer.byObjectType.find((each) => each.objectTypeId === CONTACT_TYPE_ID) ?? null;
  } catch (error) {
    if (error instanceof ConnectorError && (error.kind === 'forbidden' || error.kind === 'not-found')) return null;
    throw error;
  }
}
