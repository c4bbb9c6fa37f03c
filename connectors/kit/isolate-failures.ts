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
  const search = new FailureSearch(call);
  const queue: (readonly T[])[] = [items];
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
    if (search.isHopeless()) return { ...search.found, notSent: [...part, ...queue.flat()] };
    if (part.length > 0) queue.unshift(...(await search.send(part)));
  }
  return { ...search.found, notSent: [] };
}

class FailureSearch<T, R> {
  readonly #call: IsolatedCall<T, R>;
  readonly #results: R[] = [];
  readonly #failed: { item: T; error: ConnectorError }[] = [];
  #isFirst = true;
  /** Equal failures in a row. */
  #equal = 0;

  constructor(call: IsolatedCall<T, R>) {
    this.#call = call;
  }

  get found() {
    return { results: this.#results, failed: this.#failed };
  }

  isHopeless(): boolean {
    return this.#equal >= MAX_EQUAL_FAILURES && this.#results.length === 0;
  }

  /** @returns the parts to send in its place; none if it succeeded, or is a failed item */
  async send(part: readonly T[]): Promise<readonly (readonly T[])[]> {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    try {
      this.#results.push(await this.#call.send(part, isFirst));
      return [];
    } catch (error) {
      const blame = error instanceof ConnectorError ? this.#call.blameOf(error) : 'none';
      if (!(error instanceof ConnectorError) || blame === 'none') throw error;
      const isProven = blame === 'items' || this.#results.length > 0;
      if (part.length > 1) return isProven ? halves(part) : await this.#withoutSamples(part, error);
      if (!isProven && isFirst && !(await this.#call.isUp())) throw error;
      this.#fail(part, error);
      return [];
    }
  }

  #fail(items: readonly T[], error: ConnectorError): void {
    this.#equal = this.#failed.at(-1)?.error.code === error.code ? this.#equal + 1 : 1;
    this.#failed.push(...items.map((item) => ({ item, error })));
  }

  /**
   * Sends a few items alone: if none of them succeeds, the CRM seems to be down.
   * @returns the parts that are left
   * @throws the error of the batch when no sample succeeds
   */
  async #withoutSamples(part: readonly T[], batchError: ConnectorError): Promise<readonly (readonly T[])[]> {
    const step = Math.max(1, Math.floor((part.length - 1) / (SAMPLES - 1)));
    const samples = part.filter((_, index) => index % step === 0).slice(0, SAMPLES);
    const sent = new Set<T>();
    for (const item of samples) {
      if (this.#results.length > 0) break;
      sent.add(item);
      await this.#sendSample(item);
    }
    const isAllSent = sent.size === part.length;
    if (this.#results.length === 0 && !(isAllSent && (await this.#call.isUp()))) throw batchError;
    return halves(part.filter((item) => !sent.has(item)));
  }

  async #sendSample(item: T): Promise<void> {
    try {
      this.#results.push(await this.#call.send([item], false));
    } catch (error) {
      if (!(error instanceof ConnectorError) || this.#call.blameOf(error) === 'none') throw error;
      this.#fail([item], error);
    }
  }
}

function halves<T>(part: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(part.length / 2);
  return [part.slice(0, middle), part.slice(middle)];
}
