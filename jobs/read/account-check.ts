// The CRM account that the token belongs to. It is asked for once and stored; events of another
// account are not ours.
import type { CrmConnector } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import type { Account } from '../../src/crm/setup.ts';
import { isSkipped } from '../../src/store/set-aside/list-set-aside.ts';
import { claimAccount, storedAccount } from '../../src/store/sync/crm-accounts.ts';
import type { JobContext } from '../context.ts';
import { toPartFailure } from '../failures/classify.ts';
import { setAside, setAsideRecovered } from '../failures/set-aside.ts';

const CHECK = { stream: 'account', kind: 'check' } as const;

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
 * The ID of the account that our records are from (`account: null`: the token may not read it).
 * @returns null while the call fails, which is set aside
 * @throws ConnectorError when reading must pause
 */
export async function resolveAccount(
  context: JobContext,
  connector: CrmConnector,
): Promise<{ readonly account: string | null } | null> {
  const { db, clock, signal } = context;
  const crm = connector.id;
  const stored = await storedAccount(db, crm);
  if (stored !== null) return { account: stored };
  if (await isSkipped(db, crm, CHECK, clock.now())) return null;
  try {
    const account = await fetchAccount(connector, signal);
    await setAsideRecovered(context, crm, [CHECK]);
    return { account: account === null ? null : await claimAccount(db, { crm, account: account.id }, clock.now()) };
  } catch (error) {
    const failure = signal.aborted ? null : toPartFailure(error);
    if (failure === null) throw error;
    await setAside(context, crm, [CHECK], failure);
    return null;
  }
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
