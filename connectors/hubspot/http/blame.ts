// What an error says about the items of a batch, and whether HubSpot responds at all.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Blame } from '../../kit/isolate-failures.ts';
import type { HubSpotHttp } from './client.ts';
import { HubSpotHttpError } from './error-response.ts';
import { accountSchema } from './responses/setup.ts';

// An item for which HubSpot fails or hangs. Other statuses of a gateway (502, 503) are no item's.
const UNCLEAR_STATUSES: ReadonlySet<number> = new Set([207, 500, 504]);

export function blameOf({ kind, code, cause }: ConnectorError): Blame {
  // The items of a response are parsed one by one: a response of another shape concerns them all.
  if (kind === 'invalid') return code === 'UNEXPECTED_RESPONSE' ? 'none' : 'items';
  if (kind !== 'retry') return 'none';
  const isUnclear = cause instanceof HubSpotHttpError ? UNCLEAR_STATUSES.has(cause.status) : code === 'TIMEOUT';
  return isUnclear ? 'unclear' : 'none';
}

/** Whether HubSpot responds to a call that every token may make. */
export async function isUp(http: HubSpotHttp, signal: AbortSignal): Promise<boolean> {
  const call = { what: 'reading the account', path: http.paths.accountDetails, responseSchema: accountSchema };
  try {
    await http.call({ ...call, isRetried: false }, signal);
    return true;
  } catch (error) {
    if (error instanceof ConnectorError) return false;
    throw error;
  }
}
