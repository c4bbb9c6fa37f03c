// Whose account a CRM's token opens. It is asked once and noted: what comes from another account is not ours.
import type { Account, CrmConnector } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import { claimAccount, storedAccount } from '../../src/store/sync/crm-accounts.ts';
import type { JobContext } from '../context.ts';

/** Null: this token may not ask. */
export async function fetchAccount(connector: CrmConnector, signal: AbortSignal): Promise<Account | null> {
  try {
    return await connector.describeAccount(signal);
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'forbidden') return null;
    throw error;
  }
}

/**
 * The id of the account that our records are from; null = nobody can tell.
 * @throws ConnectorError when the CRM had to be asked and did not answer
 */
export async function resolveAccount(
  { db, clock, signal }: JobContext,
  connector: CrmConnector,
): Promise<string | null> {
  const known = await storedAccount(db, connector.id);
  if (known !== null) return known;
  const asked = await fetchAccount(connector, signal);
  return asked === null ? null : claimAccount(db, { crm: connector.id, account: asked.id }, clock.now());
}
