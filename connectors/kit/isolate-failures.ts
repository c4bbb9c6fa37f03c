// Finds the items for which a CRM refuses a whole batch, by halving it. A bad item costs about
// 2 x log2(n) calls, and keeps no other item from being read or written.
import { ConnectorError } from '../../src/crm/connector-error.ts';

/**
 * What a failure of a batch says about its items:
 * - `items`: at least one of them is refused.
 * - `unclear`: one of them makes the CRM fail, or the CRM is down.
 * - `none`: the failure concerns the call or the account, for example its quota.
 */
export type Blame = 'items' | 'unclear' | 'none';

export interface IsolatedCall<T, R> {
  /** @param isFirst the first attempt; later ones need no retries */
  send(items: readonly T[], isFirst: boolean): Promise<R>;
  blameOf(error: ConnectorError): Blame;
  /** For an unclear failure of a single item: whether the CRM responds to another call. */
  isUp(): Promise<boolean>;
}

export interface IsolatedResults<T, R> {
  readonly results: readonly R[];
  readonly failed: readonly { readonly item: T; readonly error: ConnectorError }[];
  /** The items that were not sent again, because all those before them failed alike. */
  readonly notSent: readonly T[];
}

/** After so many equal failures in a row without a success, the rest is not sent item by item. */
const MAX_EQUAL_FAILURES = 8;
const SAMPLES = 3;

/**
 * Sends all items, as one batch if possible.
 * @throws the ConnectorError of the batch when no item can be blamed, or when the CRM seems to be
 *   down
 */
export async function isolateFailures<T, R>(
  items: readonly T[],
  call: IsolatedCall<T, R>,
): Promise<IsolatedResults<T, R>> {
  const results: R[] = [];
  const failed: { item: T; error: ConnectorError }[] = [];
  const queue: (readonly T[])[] = [items];
  let isFirst = true;
  let equal = 0;
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
    if (part.length === 0) continue;
    if (equal >= MAX_EQUAL_FAILURES && results.length === 0) {
      return { results, failed, notSent: [...part, ...queue.flat()] };
    }
    try {
      results.push(await call.send(part, isFirst));
    } catch (error) {
      const blame = error instanceof ConnectorError ? call.blameOf(error) : 'none';
      if (!(error instanceof ConnectorError) || blame === 'none') throw error;
      const [only] = part;
      if (part.length > 1) {
        if (blame === 'items' || results.length > 0) queue.unshift(...halves(part));
        else queue.unshift(...(await withoutSamples(part, error, call, results, failed)));
      } else if (only !== undefined) {
        if (blame === 'unclear' && results.length === 0 && isFirst && !(await call.isUp())) throw error;
        equal = failed.at(-1)?.error.code === error.code ? equal + 1 : 1;
        failed.push({ item: only, error });
      }
    }
    isFirst = false;
  }
  return { results, failed, notSent: [] };
}

function halves<T>(part: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(part.length / 2);
  return [part.slice(0, middle), part.slice(middle)];
}

/**
 * Sends a few items alone: if none of them succeeds, the CRM seems to be down.
 * @returns the parts that are left
 * @throws the error of the batch when no sample succeeds
 */
async function withoutSamples<T, R>(
  part: readonly T[],
  batchError: ConnectorError,
  call: IsolatedCall<T, R>,
  results: R[],
  failed: { item: T; error: ConnectorError }[],
): Promise<readonly (readonly T[])[]> {
  const step = Math.max(1, Math.floor((part.length - 1) / (SAMPLES - 1)));
  const sampled = new Set<T>();
  for (const item of part.filter((_, index) => index % step === 0).slice(0, SAMPLES)) {
    try {
      sampled.add(item);
      results.push(await call.send([item], false));
      break;
    } catch (error) {
      if (!(error instanceof ConnectorError) || call.blameOf(error) === 'none') throw error;
      failed.push({ item, error });
    }
  }
  if (results.length === 0 && !(sampled.size === part.length && (await call.isUp()))) throw batchError;
  return halves(part.filter((item) => !sampled.has(item)));
}
