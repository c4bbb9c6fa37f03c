// The CRM account that the token belongs to. It is asked for once and stored; events of another
// account are not ours.
import type { CrmConnector } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import type { Account } from '../../src/crm/setup.ts';
import { claimAccount, storedAccount } from '../../src/store/sync/crm-accounts.ts';
import type { JobContext } from '../context.ts';

/** Null: the token may not read its account. */
async function fetchAccount(connector: CrmConnector, signal: AbortSignal): Promise<Account | null> {
  try {
    return await connector.describeAccount(signal);
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'forbidden') return null;
    throw error;
  }
}

/**
 * The ID of the account that our records are from; null = unknown.
 * @throws ConnectorError when the CRM had to be asked and the call failed
 */
export async function resolveAccount(
  { db, clock, signal }: JobContext,
  connector: CrmConnector,
): Promise<string | null> {
  const stored = await storedAccount(db, connector.id);
  if (stored !== null) return stored;
  const account = await fetchAccount(connector, signal);
  return account === null ? null : claimAccount(db, { crm: connector.id, account: account.id }, clock.now());
}

/**
 * Whether the token belongs to the account of the stored records. The listings of another account
 * must not be compared: our records and items are missing in it, and its IDs can equal ours.
 */
export async function isOwnAccount({ db, clock, signal, log }: JobContext, connector: CrmConnector): Promise<boolean> {
  const crm = connector.id;
  const account = await fetchAccount(connector, signal);
  if (account === null) return true;
  if ((await claimAccount(db, { crm, account: account.id }, clock.now())) === account.id) return true;
  log.warn({ crm, account: account.id }, `${account.name} is another account than the one of the stored records.`);
  return false;
}
