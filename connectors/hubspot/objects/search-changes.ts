// What changed since a cursor, by search on the modification time, oldest first.
//
// Every page is a new search from the last value on (never an offset: that ends at 10,000 results, and skips records when
// others move to the end while it pages). When a whole page carries one instant, that instant is read by id.
// The search index lags, so a poll reads again what the index may not have shown yet to the one before; what that one did see
// there is remembered by id and time, so that an idle poll costs one search and shows nothing.
import { z } from 'zod';
import type { Cursor } from '../../../src/crm/connector.ts';
import { modifiedAt } from '../contacts/contact-mapping.ts';
import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotObject } from '../http/responses.ts';
import { SEARCH_PAGE, type SearchFilter, searchPage } from './object-reads.ts';

export const OVERLAP_MS = 300_000;
const MOST_REMEMBERED = 2000;

export const searchCursorSchema = z.object({
  phase: z.literal('search'),
  /** The newest modification time seen (epoch ms). */
  last: z.number(),
  /** When that was first seen, by our clock; null: `last` is where to begin, the overlap is in it. */
  lastSeenAt: z.number().nullable(),
  /** Whatever was modified by `last` was in the index for the last poll. */
  settled: z.boolean().default(false),
  /** `id@modified` of what was seen within the overlap. */
  seen: z.array(z.string()),
  /** One instant is being read by id, up to and with this id; when that began, by our clock. */
  pinned: z.object({ at: z.number(), afterId: z.string(), began: z.number() }).optional(),
  /** An instant that was read by id to its end: it is too full to be remembered by its records. */
  byId: z.object({ at: z.number(), began: z.number() }).optional(),
});
export type SearchCursor = z.infer<typeof searchCursorSchema>;

/** Begins at an instant of our clock, minus the overlap (their clock may be behind). */
export function searchFrom(now: Date): SearchCursor {
  return { phase: 'search', last: now.getTime() - OVERLAP_MS, lastSeenAt: null, settled: false, seen: [] };
}

export interface ChangedObjects {
  /** Not seen before at this modification time. */
  readonly records: readonly HubSpotObject[];
  readonly cursor: SearchCursor & Cursor;
}

interface SearchedType {
  readonly type: string;
  /** `lastmodifieddate` for contacts, `hs_lastmodifieddate` for everything else. */
  readonly modifiedProperty: string;
  readonly properties: readonly string[];
}

/** @param now our clock's time, read once a page */
export async function* searchChanges(
  http: HubSpotHttp,
  searched: SearchedType,
  start: SearchCursor,
  now: () => Date,
  signal: AbortSignal,
): AsyncGenerator<ChangedObjects> {
  const time = searched.modifiedProperty;
  const properties = [...new Set([...searched.properties, time])];
  // Of a poll that was broken off nobody knows any more when it began.
  const began = start.pinned === undefined ? now().getTime() : null;
  let cursor = start;
  let from = start.pinned?.at ?? beginning(start);
  for (;;) {
    const { pinned } = cursor;
    const where = pinned === undefined ? { filters: changedSince(time, from), sortBy: time } : oneInstant(time, pinned);
    const page = await searchPage(http, { type: searched.type, properties, ...where }, signal);
    const records = unseen(page, cursor);
    const full = page.length >= SEARCH_PAGE;
    const newest = Math.max(from, ...page.map(modifiedMs));
    const stuck = pinned === undefined && full && newest === from;
    const step =
      pinned === undefined ? stepInTime(cursor, stuck, newest, now()) : stepById(full, pinned, page.at(-1)?.id);
    const isLast = pinned === undefined && !full;
    cursor = settle({ ...advance(cursor, page, now()), ...step.cursor }, { began, isLast });
    if (records.length > 0 || pinned !== undefined || isStep(start, cursor)) yield { records, cursor };
    if (isLast) return;
    from = step.from;
  }
}

type Pinned = NonNullable<SearchCursor['pinned']>;

interface Step {
  readonly from: number;
  readonly cursor: Pick<SearchCursor, 'pinned' | 'byId'>;
}

function changedSince(time: string, from: number): SearchFilter[] {
  return [{ propertyName: time, operator: 'GTE', value: String(from) }];
}

function oneInstant(time: string, { at, afterId }: Pinned): { filters: SearchFilter[]; sortBy: string } {
  const filters: SearchFilter[] = [
    { propertyName: time, operator: 'EQ', value: String(at) },
    { propertyName: 'hs_object_id', operator: 'GT', value: afterId },
  ];
  return { filters, sortBy: 'hs_object_id' };
}

/** A full page of one instant cannot be left by time: that instant is read by id, unless it was. */
function stepInTime(cursor: SearchCursor, stuck: boolean, newest: number, now: Date): Step {
  if (!stuck) return { from: newest, cursor: {} };
  if (wasReadById(cursor, newest, now)) return { from: newest + 1, cursor: {} };
  return { from: newest, cursor: { pinned: { at: newest, afterId: '0', began: now.getTime() } } };
}

function stepById(full: boolean, { at, began }: Pinned, lastId: string | undefined): Step {
  if (full && lastId !== undefined) return { from: at, cursor: { pinned: { at, afterId: lastId, began } } };
  return { from: at + 1, cursor: { byId: { at, began } } };
}

/** Once just now, and once more when the index has settled: then it holds nothing new. */
function wasReadById({ byId, lastSeenAt }: SearchCursor, at: number, now: Date): boolean {
  if (byId === undefined || byId.at !== at) return false;
  const settled = lastSeenAt !== null && byId.began - lastSeenAt >= OVERLAP_MS;
  return settled || now.getTime() - byId.began < OVERLAP_MS;
}

/** Until the index has settled, what was modified shortly before may not have been there yet. */
function beginning({ last, lastSeenAt, settled }: SearchCursor): number {
  return lastSeenAt === null || settled ? last : last - OVERLAP_MS;
}

/** Worth keeping, though nothing new was shown. */
function isStep(start: SearchCursor, { pinned, settled }: SearchCursor): boolean {
  return pinned !== undefined || settled !== start.settled;
}

/** A poll that began when the newest change had been known for the overlap missed nothing before it. Both are our clock's. */
function settle(cursor: SearchCursor, { began, isLast }: { began: number | null; isLast: boolean }): SearchCursor {
  if (!isLast || began === null || cursor.lastSeenAt === null) return cursor;
  return { ...cursor, settled: began - cursor.lastSeenAt >= OVERLAP_MS };
}

function advance(cursor: SearchCursor, page: readonly HubSpotObject[], now: Date): SearchCursor {
  const newest = Math.max(cursor.last, ...page.map(modifiedMs));
  const moved = newest > cursor.last || (cursor.lastSeenAt === null && page.length > 0);
  const seen = [...new Set([...cursor.seen, ...page.map(mark)])].filter(
    (each) => markedAt(each) >= newest - OVERLAP_MS,
  );
  return {
    phase: 'search',
    last: newest,
    lastSeenAt: moved ? now.getTime() : cursor.lastSeenAt,
    settled: moved ? false : cursor.settled,
    // The newest are kept: the others are merely read once more.
    seen: seen.toSorted((a, b) => markedAt(a) - markedAt(b)).slice(-MOST_REMEMBERED),
    ...(cursor.byId === undefined ? {} : { byId: cursor.byId }),
  };
}

function unseen(page: readonly HubSpotObject[], cursor: SearchCursor): HubSpotObject[] {
  const seen = new Set(cursor.seen);
  return page.filter((object) => !seen.has(mark(object)));
}

function modifiedMs(object: HubSpotObject): number {
  return Date.parse(modifiedAt(object));
}

function mark(object: HubSpotObject): string {
  return `${object.id}@${modifiedMs(object)}`;
}

function markedAt(text: string): number {
  return Number(text.slice(text.lastIndexOf('@') + 1));
}
