// What changed since a cursor, by search on the modification time, oldest first.
//
// Every page is a new search from the last value on (never an offset: that ends at 10,000 results, and skips records when
// others move to the end while it pages). When a whole page carries one instant, that instant is read by id.
// The search index lags, so a poll begins some minutes before the newest change that was seen; what it saw there already
// is remembered by id and time, so that an idle poll costs one search and shows nothing.
import { z } from 'zod';
import type { Cursor } from '../connector.ts';
import type { HubSpotObject } from './answers.ts';
import { modifiedAt } from './contact-projection.ts';
import type { HubSpotHttp } from './http.ts';
import { SEARCH_PAGE, type SearchFilter, searchPage } from './object-reads.ts';

export const OVERLAP_MS = 300_000;
const MOST_REMEMBERED = 2000;

export const searchCursorSchema = z.object({
  phase: z.literal('search'),
  /** The newest modification time seen (epoch ms). */
  last: z.number(),
  /** When that was first seen, by our clock; null: `last` is where to begin, the overlap is in it. */
  lastSeenAt: z.number().nullable(),
  /** `id@modified` of what was seen within the overlap. */
  seen: z.array(z.string()),
  /** One instant is being read by id, up to and with this id. */
  pinned: z.object({ at: z.number(), afterId: z.string() }).optional(),
});
export type SearchCursor = z.infer<typeof searchCursorSchema>;

/** Begins at an instant of our clock, minus the overlap (their clock may be behind). */
export function searchFrom(now: Date): SearchCursor {
  return { phase: 'search', last: now.getTime() - OVERLAP_MS, lastSeenAt: null, seen: [] };
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
  let cursor = start;
  let from = start.pinned?.at ?? beginning(start, now());
  for (;;) {
    const { pinned } = cursor;
    const where = pinned === undefined ? { filters: changedSince(time, from), sortBy: time } : oneInstant(time, pinned);
    const page = await searchPage(http, { type: searched.type, properties, ...where }, signal);
    const records = unseen(page, cursor);
    const full = page.length >= SEARCH_PAGE;
    const newest = Math.max(from, ...page.map(modifiedMs));
    const step = pinned === undefined ? stepInTime(full, from, newest) : stepById(full, pinned, page.at(-1)?.id);
    cursor = { ...advance(cursor, page, now()), ...(step.pinned === undefined ? {} : { pinned: step.pinned }) };
    if (records.length > 0 || pinned !== undefined || step.pinned !== undefined) yield { records, cursor };
    if (pinned === undefined && !full) return;
    from = step.from;
  }
}

type Pinned = NonNullable<SearchCursor['pinned']>;

interface Step {
  readonly from: number;
  readonly pinned?: Pinned;
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

/** A full page of one instant cannot be left by time: that instant is read by id. */
function stepInTime(full: boolean, from: number, newest: number): Step {
  return full && newest === from ? { from, pinned: { at: from, afterId: '0' } } : { from: newest };
}

function stepById(full: boolean, { at }: Pinned, lastId: string | undefined): Step {
  return full && lastId !== undefined ? { from: at, pinned: { at, afterId: lastId } } : { from: at + 1 };
}

/**
 * Before the newest change by the overlap, less the time that has passed since it was first seen: what was modified
 * earlier has been in the index for longer than the overlap. Only our own clock is compared with itself.
 */
function beginning(cursor: SearchCursor, now: Date): number {
  if (cursor.lastSeenAt === null) return cursor.last;
  const passed = Math.max(0, now.getTime() - cursor.lastSeenAt);
  return cursor.last - Math.max(0, OVERLAP_MS - passed);
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
    // The newest are kept: the others are merely read once more.
    seen: seen.toSorted((a, b) => markedAt(a) - markedAt(b)).slice(-MOST_REMEMBERED),
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
