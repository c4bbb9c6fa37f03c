// The open results of queries with several pages.
import { idOf } from '../ids.ts';
import { badRequest } from '../salesforce-error.ts';
import type { QueryResult } from './run-query.ts';

// https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta (SOQL and
// SOSL limits)
const MAX_OPEN = 10;
const LIFETIME_MS = 2 * 86_400_000;

interface Cursor {
  readonly result: QueryResult;
  readonly pageRows: number;
  readonly openedAt: number;
}

export class QueryCursors {
  readonly #open = new Map<string, Cursor>();
  #count = 0;

  /**
   * Stores a result and closes the oldest one above the limit.
   * @returns its ID, the first part of a locator
   */
  open(result: QueryResult, pageRows: number, now: number): string {
    this.#count += 1;
    const id = idOf('01g', this.#count);
    this.#open.set(id, { result, pageRows, openedAt: now });
    const [oldest] = this.#open.keys();
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#open.delete(oldest);
    return id;
  }

  /** @param locator `<id>-<row>` @throws SalesforceError INVALID_QUERY_LOCATOR */
  at(locator: string, now: number): Cursor & { readonly id: string; readonly from: number } {
    const [, id = '', row = ''] = /^(\w+)-(\d+)$/.exec(locator) ?? [];
    const cursor = this.#open.get(id);
    if (!cursor || now - cursor.openedAt > LIFETIME_MS || Number(row) >= cursor.result.records.length) {
      throw badRequest('INVALID_QUERY_LOCATOR', 'invalid query locator');
    }
    return { ...cursor, id, from: Number(row) };
  }

  close(id: string): void {
    this.#open.delete(id);
  }
}
