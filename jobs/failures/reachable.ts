// Tells the outage of a CRM from the failure of one call: the account is the smallest call there
// is.
import type { CrmConnector } from '../../src/crm/connector.ts';
import type { JobContext } from '../context.ts';
import { type PartFailure, toPartFailure } from './classify.ts';

/**
 * Whether the CRM answers at all. A call that failed with `retry` is about itself then.
 * @throws ConnectorError of a kind that pauses the CRM: `auth`, `rate-limited`, `budget-spent`
 */
export async function isReachable(connector: CrmConnector, signal: AbortSignal): Promise<boolean> {
  try {
    await connector.describeAccount(signal);
    return true;
  } catch (error) {
    const failure = toPartFailure(error);
    if (failure === null) throw error;
    return !failure.isTemporary;
  }
}

/**
 * The failure of a call as one that is about that call.
 * @throws the error when it is about the whole CRM (also that it is down), our store or a shutdown
 */
export async function partFailureOrThrow(
  { signal }: Pick<JobContext, 'signal'>,
  connector: CrmConnector,
  error: unknown,
): Promise<PartFailure> {
  const failure = signal.aborted ? null : toPartFailure(error);
  if (failure === null) throw error;
  if (failure.isTemporary && !(await isReachable(connector, signal))) throw error;
  return failure;
}
