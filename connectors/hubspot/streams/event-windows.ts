// Reads events of the whole account by time window. An event never changes, so no event is read
// again or deleted. Each window overlaps the end of the previous one.
import { z } from 'zod';
import type { ChangePage, Cursor, SourcedActivity } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { OVERLAP_MS } from '../objects/search-cursor.ts';
import type { HubSpotParts } from '../parts.ts';
import { parseCursor } from './stream-reader.ts';

// With a half-life of 30 days an event of a year ago is worth nothing.
const FIRST_WINDOW_MS = 365 * 86_400_000;
const MAX_SEEN = 2000;

const cursorSchema = z.object({
  /**
   * The current window (epoch ms, our clock; a null `to` means now) and the start of its next page.
   */
  from: z.number(),
  to: z.number().nullable(),
  after: z.string().nullable(),
  /** The IDs of events in the overlap with the next window. */
  seen: z.array(z.string()),
  /** The first window is being read. */
  isFullSync: z.boolean(),
});

export interface EventWindow {
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** The start of the page; null = the start of the window. */
  readonly after: string | null;
}

export interface MatchedEvents {
  readonly activities: readonly SourcedActivity[];
  /**
   * The IDs of events whose contact may not exist yet. Within the overlap they are matched again.
   */
  readonly unmatched?: ReadonlySet<string>;
}

export interface EventSource<E> {
  readonly stream: string;
  /** In any order; `at` is epoch ms. */
  dated(event: E): { readonly id: string; readonly at: number };
  page(window: EventWindow, signal: AbortSignal): Promise<{ events: readonly E[]; next: string | null }>;
  match(events: readonly E[], signal: AbortSignal): Promise<MatchedEvents>;
}

/**
 * Yields one page of a window at a time. The cursor contains the start of the next page, so a
 * killed process repeats at most one page.
 */
export async function* readWindows<E>(
  { clock }: Pick<HubSpotParts, 'clock'>,
  source: EventSource<E>,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const now = clock.now().getTime();
  const first = { from: now - FIRST_WINDOW_MS, to: null, after: null, seen: [], isFullSync: true };
  const stored = parseCursor(cursorSchema, source.stream, cursor ?? first);
  // A window in the future: our clock was ahead, and every event until then would be missed.
  const isAhead = stored.from > now - OVERLAP_MS;
  let state = isAhead ? { ...stored, from: now - OVERLAP_MS, to: null, after: null } : stored;
  const to = state.to ?? now;
  let isResumed = state.after !== null;
  for (;;) {
    const { events, next } = await readPage(source, { ...state, to }, isResumed, signal);
    isResumed = false;
    const known = new Set(state.seen);
    const fresh = events.filter((event) => !known.has(source.dated(event).id));
    const { activities, unmatched } = await source.match(fresh, signal);
    const inOverlap = events.map((event) => source.dated(event)).filter(({ at }) => at >= to - OVERLAP_MS);
    const matched = inOverlap.map(({ id }) => id).filter((id) => unmatched?.has(id) !== true);
    const seen = [...new Set([...state.seen, ...matched])].slice(-MAX_SEEN);
    const { isFullSync } = state;
    const isComplete = next === null;
    const isLong = to - state.from > 2 * OVERLAP_MS;
    state = isComplete
      ? { from: Math.max(state.from, to - OVERLAP_MS), to: null, after: null, seen, isFullSync: false }
      : { ...state, to, after: next, seen };
    // An idle poll has nothing to save until its window has grown.
    if (activities.length > 0 || isFullSync || !isComplete || isLong) {
      yield { ...emptyPage(state, isFullSync), activities };
    }
    if (isComplete) return;
  }
}

/**
 * The start of a page may have expired when a window is resumed. Then the window is read from its
 * beginning; activity IDs keep its events from counting twice.
 */
async function readPage<E>(source: EventSource<E>, window: EventWindow, isResumed: boolean, signal: AbortSignal) {
  try {
    return await source.page(window, signal);
  } catch (error) {
    if (!isResumed || !(error instanceof ConnectorError) || error.kind !== 'invalid') throw error;
    return await source.page({ ...window, after: null }, signal);
  }
}
