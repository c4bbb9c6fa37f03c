// The changes of an object since a cursor, by a search on the modification time, oldest first.
//
// Each page is a new search from the newest seen time on. Paging by offset would end at 10,000
// results, and would skip records when others move to the end meanwhile. When one instant fills a
// whole page, the records of that instant are read by ID. The search index lags, so a poll reads
// the overlap again in which the last poll may have missed changes. The changes it did see are
// remembered by ID and time, so an idle poll costs one search and yields nothing.
import type { Cursor } from '../../../src/crm/connector.ts';
import { pageTokens } from '../../kit/page-tokens.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { unexpectedItem } from '../http/parse-response.ts';
import type { UnexpectedItem } from '../http/responses/id-and-paging.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { SEARCH_PAGE, type SearchFilter, searchPage } from './object-reads.ts';
import {
  advance,
  modifiedMs,
  newChanges,
  notInFuture,
  OVERLAP_MS,
  type SearchCursor,
  settle,
  startOf,
} from './search-cursor.ts';

export interface ChangedObjects {
  /** Objects that were not seen before at their modification times. */
  readonly records: readonly HubSpotObject[];
  /** Objects that do not have the expected shape. They may have been seen before. */
  readonly unexpected: readonly UnexpectedItem[];
  readonly cursor: SearchCursor & Cursor;
}

interface SearchedType {
  readonly type: string;
  /** `lastmodifieddate` for contacts, `hs_lastmodifieddate` for all other objects. */
  readonly modifiedProperty: string;
  readonly properties: readonly string[];
}

/**
 * @param now our clock, read once per page
 * @throws ConnectorError `invalid` when no object of a full page has the expected shape, or when
 *   the search does not go on
 */
export async function* searchChanges(
  http: HubSpotHttp,
  searched: SearchedType,
  given: SearchCursor,
  now: () => Date,
  signal: AbortSignal,
): AsyncGenerator<ChangedObjects> {
  const start = notInFuture(given, now());
  const time = searched.modifiedProperty;
  const properties = [...new Set([...searched.properties, time])];
  // The start of an interrupted poll is not known any more.
  const startedAt = start.pinned === undefined ? now().getTime() : null;
  let cursor = start;
  let from = start.pinned?.at ?? startOf(start);
  const what = `searching ${searched.type}`;
  const checkId = pageTokens('hubspot', what);
  for (;;) {
    const { pinned } = cursor;
    const query = pinned === undefined ? { filters: changedSince(time, from), sortBy: time } : atInstant(time, pinned);
    const response = await searchPage(http, { type: searched.type, properties, ...query }, signal);
    const { records: page, unexpected } = response;
    const records = newChanges(page, cursor);
    const isFull = isFullPage(what, response);
    const newest = Math.max(from, ...page.map(modifiedMs));
    const isStuck = pinned === undefined && isFull && newest === from;
    const lastId = page.at(-1)?.id;
    const step = pinned === undefined ? stepInTime(cursor, isStuck, newest, now()) : stepById(isFull, pinned, lastId);
    // A search that ignores its filter would return the same page without end.
    checkId(pinKey(step));
    const isLastPage = pinned === undefined && !isFull;
    cursor = settle({ ...advance(cursor, page, now()), ...step.cursor }, { startedAt, isLastPage });
    const found = { records, unexpected, cursor };
    if (isWorthSaving(start, found) || pinned !== undefined) yield found;
    if (isLastPage) return;
    from = step.from;
  }
}

/** @throws ConnectorError `invalid` for a full page without an object to go on from */
function isFullPage(what: string, { records, unexpected }: Awaited<ReturnType<typeof searchPage>>): boolean {
  const [first] = unexpected;
  if (records.length + unexpected.length < SEARCH_PAGE) return false;
  if (records.length === 0 && first !== undefined) throw unexpectedItem(what, first);
  return true;
}

type Pinned = NonNullable<SearchCursor['pinned']>;

interface Step {
  readonly from: number;
  readonly cursor: Pick<SearchCursor, 'pinned' | 'readById'>;
}

function pinKey({ cursor: { pinned } }: Step): string | null {
  return pinned === undefined ? null : `${pinned.at} ${pinned.afterId}`;
}

function changedSince(time: string, from: number): SearchFilter[] {
  return [{ propertyName: time, operator: 'GTE', value: String(from) }];
}

function atInstant(time: string, { at, afterId }: Pinned): { filters: SearchFilter[]; sortBy: string } {
  const filters: SearchFilter[] = [
    { propertyName: time, operator: 'EQ', value: String(at) },
    { propertyName: 'hs_object_id', operator: 'GT', value: afterId },
  ];
  return { filters, sortBy: 'hs_object_id' };
}

/**
 * After a full page of one instant the search cannot continue by time: the instant is read by ID,
 * unless it already was.
 */
function stepInTime(cursor: SearchCursor, isStuck: boolean, newest: number, now: Date): Step {
  if (!isStuck) return { from: newest, cursor: {} };
  if (wasReadById(cursor, newest, now)) return { from: newest + 1, cursor: {} };
  return { from: newest, cursor: { pinned: { at: newest, afterId: '0', startedAt: now.getTime() } } };
}

function stepById(isFull: boolean, { at, startedAt }: Pinned, lastId: string | undefined): Step {
  if (isFull && lastId !== undefined) return { from: at, cursor: { pinned: { at, afterId: lastId, startedAt } } };
  return { from: at + 1, cursor: { readById: { at, startedAt } } };
}

/**
 * An instant is read by ID now, and once more when the index has settled; then it contains nothing
 * new.
 */
function wasReadById({ readById, lastSeenAt }: SearchCursor, at: number, now: Date): boolean {
  if (readById === undefined || readById.at !== at) return false;
  const wasSettled = lastSeenAt !== null && readById.startedAt - lastSeenAt >= OVERLAP_MS;
  return wasSettled || now.getTime() - readById.startedAt < OVERLAP_MS;
}

/** The page has something new, or the cursor has progressed in a way that must be saved. */
function isWorthSaving(start: SearchCursor, { records, unexpected, cursor }: ChangedObjects): boolean {
  const isNew = records.length > 0 || unexpected.length > 0;
  return isNew || cursor.pinned !== undefined || cursor.isSettled !== start.isSettled;
}
