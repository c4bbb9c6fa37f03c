// The daily API quota of an org: calls in any 24 hours.
import { requestLimitExceeded } from '../salesforce-error.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
// An Enterprise org with only the included licenses.
const DEFAULT_LIMIT = 100_000;

export class ApiUsage {
  limit: number;
  /** Calls by minute. */
  readonly #minutes = new Map<number, number>();

  constructor(limit = DEFAULT_LIMIT) {
    this.limit = limit;
  }

  /**
   * Counts a call.
   * @throws SalesforceError REQUEST_LIMIT_EXCEEDED; a rejected call is not counted
   */
  acquire(now: number): void {
    if (this.used(now) >= this.limit) throw requestLimitExceeded();
    const minute = Math.floor(now / MINUTE_MS);
    this.#minutes.set(minute, (this.#minutes.get(minute) ?? 0) + 1);
  }

  /**
   * Calls in the 24 hours before `now`. Later calls, made before the clock was set back, are
   * removed.
   */
  used(now: number): number {
    let sum = 0;
    for (const [minute, calls] of this.#minutes) {
      const at = minute * MINUTE_MS;
      if (at <= now - DAY_MS || at > now) this.#minutes.delete(minute);
      else sum += calls;
    }
    return sum;
  }

  /** Sets the number of used calls, as if other apps had made them. */
  setUsed(calls: number, now: number): void {
    this.#minutes.clear();
    this.#minutes.set(Math.floor(now / MINUTE_MS), calls);
  }

  /**
   * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm
   */
  header(now: number): Record<string, string> {
    return { 'Sforce-Limit-Info': `api-usage=${this.used(now)}/${this.limit}` };
  }
}
