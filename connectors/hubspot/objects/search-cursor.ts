// The cursor of searchChanges: how far the changes of an object were read, and which of them were
// seen.
import { z } from 'zod';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { modifiedAt } from './modified-at.ts';

/**
 * The search index may lag behind by this much. Each poll reads the changes of this period again.
 */
export const OVERLAP_MS = 300_000;
const MAX_SEEN = 2000;

export const searchCursorSchema = z.object({
  phase: z.literal('search'),
  /** The newest modification time seen (epoch ms, HubSpot's clock). */
  last: z.number(),
  /**
   * When `last` was first seen, by our clock; null: `last` is the start of the search, overlap
   * included.
   */
  lastSeenAt: z.number().nullable(),
  /** The index contained every change up to `last` when the last poll read it. */
  isSettled: z.boolean().default(false),
  /** `id@modified` of the changes that were seen within the overlap. */
  seen: z.array(z.string()),
  /**
   * One instant is being read by ID, up to and including `afterId`, since `startedAt` by our clock.
   */
  pinned: z.object({ at: z.number(), afterId: z.string(), startedAt: z.number() }).optional(),
  /**
   * An instant that was read by ID to its end. It has too many records to store all of them in
   * `seen`.
   */
  readById: z.object({ at: z.number(), startedAt: z.number() }).optional(),
});
export type SearchCursor = z.infer<typeof searchCursorSchema>;

/**
 * A cursor that starts at an instant of our clock, minus the overlap: HubSpot's clock may be
 * behind.
 */
export function searchFrom(now: Date): SearchCursor {
  return { phase: 'search', last: now.getTime() - OVERLAP_MS, lastSeenAt: null, isSettled: false, seen: [] };
}

/**
 * The cursor, or one that starts now if it starts in the future: our clock was ahead when it was
 * made, and every change until then would be missed.
 */
export function notInFuture(cursor: SearchCursor, now: Date): SearchCursor {
  return cursor.lastSeenAt === null && cursor.last > now.getTime() ? searchFrom(now) : cursor;
}

/**
 * Where a poll starts. Until the index has settled, a change shortly before `last` may have been
 * missing.
 */
export function startOf({ last, lastSeenAt, isSettled }: SearchCursor): number {
  return lastSeenAt === null || isSettled ? last : last - OVERLAP_MS;
}

/** The objects of a page that were not seen before at their modification times. */
export function newChanges(page: readonly HubSpotObject[], cursor: SearchCursor): HubSpotObject[] {
  const seen = new Set(cursor.seen);
  return page.filter((object) => !seen.has(changeKey(object)));
}

/** The cursor after a page; `pinned` is left out. */
export function advance(cursor: SearchCursor, page: readonly HubSpotObject[], now: Date): SearchCursor {
  const newest = Math.max(cursor.last, ...page.map(modifiedMs));
  const hasMoved = newest > cursor.last || (cursor.lastSeenAt === null && page.length > 0);
  const seen = [...new Set([...cursor.seen, ...page.map(changeKey)])].filter(
    (key) => instantOf(key) >= newest - OVERLAP_MS,
  );
  return {
    phase: 'search',
    last: newest,
    lastSeenAt: hasMoved ? now.getTime() : cursor.lastSeenAt,
    isSettled: hasMoved ? false : cursor.isSettled,
    // Only the newest are stored; older ones are merely read once more.
    seen: seen.toSorted((a, b) => instantOf(a) - instantOf(b)).slice(-MAX_SEEN),
    ...(cursor.readById === undefined ? {} : { readById: cursor.readById }),
  };
}

/**
 * Marks the index as settled at the end of a poll that started at least the overlap after the
 * newest change was first seen: such a poll missed no earlier change. Both instants are by our
 * clock.
 */
export function settle(cursor: SearchCursor, poll: { startedAt: number | null; isLastPage: boolean }): SearchCursor {
  if (!poll.isLastPage || poll.startedAt === null || cursor.lastSeenAt === null) return cursor;
  return { ...cursor, isSettled: poll.startedAt - cursor.lastSeenAt >= OVERLAP_MS };
}

export function modifiedMs(object: HubSpotObject): number {
  return Date.parse(modifiedAt(object));
}

function changeKey(object: HubSpotObject): string {
  return `${object.id}@${modifiedMs(object)}`;
}

/** The modification time in a key of `seen`. */
function instantOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('@') + 1));
}
