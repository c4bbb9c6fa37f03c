// The portal that the access token belongs to.
import type { Account } from '../../../src/crm/connector.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { accountSchema } from '../http/responses/setup.ts';

/** @throws ConnectorError `auth` when the token is refused */
export async function describeAccount(http: HubSpotHttp, signal: AbortSignal): Promise<Account> {
  const account = await http.call(
    { what: 'reading the account', path: http.paths.accountDetails, responseSchema: accountSchema },
    signal,
  );
  const type = account.accountType === undefined ? '' : ` (${account.accountType.toLowerCase()})`;
  return { id: account.portalId, name: `portal ${account.portalId}${type}`, timezone: account.timeZone ?? null };
}
