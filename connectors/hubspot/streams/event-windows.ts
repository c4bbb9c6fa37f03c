// Reads events of the whole account by time window. An event never changes, so no event is read
// again or deleted. Each window overlaps the end of the previous one.
import { z } from 'zod';
import type { ChangePage, Cursor, FailedPart, SetAsideParts, SourcedActivity } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { pageTokens } from '../../kit/page-tokens.ts';
import { failedPart } from '../../kit/stream-parts.ts';
import type { UnexpectedItem } from '../http/responses/id-and-paging.ts';
import { OVERLAP_MS } from '../objects/search-cursor.ts';
import type { HubSpotParts } from '../parts.ts';
import { PERIOD, periodId, readDueEvents, unexpectedEvents } from './event-parts.ts';
import { isOfPart } from './part-reader.ts';
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
  /** Parts whose events could not be matched, because something that they refer to was not read. */
  readonly failed?: readonly FailedPart[];
}

export interface EventPage<E> {
  readonly events: readonly E[];
  /** Events of an unexpected shape. */
  readonly unexpected: readonly UnexpectedItem[];
  readonly next: string | null;
}

export interface EventSource<E> {
  readonly stream: string;
  /** The id of the activity of an event. */
  activityId(eventId: string): string;
  /** In any order; `at` is epoch ms. */
  dated(event: E): { readonly id: string; readonly at: number };
  page(window: EventWindow, signal: AbortSignal): Promise<EventPage<E>>;
  match(events: readonly E[], signal: AbortSignal): Promise<MatchedEvents>;
}

// A longer window that HubSpot refuses is read in halves.
const MIN_WINDOW_MS = 3_600_000;
// So many refused windows before the first that is read mean that all of them are refused.
const MAX_REFUSED = 3;

/**
 * Yields one page of a window at a time. The cursor contains the start of the next page, so a
 * killed process repeats at most one page. A window that HubSpot refuses is read in smaller ones,
 * down to an hour, which is then set aside.
 */
export async function* readWindows<E>(
  { http, clock }: Pick<HubSpotParts, 'http' | 'clock'>,
  source: EventSource<E>,
  cursor: Cursor | null,
  signal: AbortSignal,
  setAside: SetAsideParts,
): AsyncGenerator<ChangePage> {
  const now = clock.now().getTime();
  const first = { from: now - FIRST_WINDOW_MS, to: null, after: null, seen: [], isFullSync: true };
  let state = parseCursor(cursorSchema, source.stream, cursor ?? first);
  const end = state.to ?? now;
  const due = { http, source, signal, setAside };
  if (!state.isFullSync)
    for await (const content of readDueEvents(due)) yield { ...emptyPage(state, false), ...content };
  let to = end;
  let isResumed = state.after !== null;
  let checkToken = pageTokens('hubspot', `reading ${source.stream}`, state.after);
  let isAnyRead = false;
  let refused = 0;
  for (;;) {
    const window = { ...state, to };
    let page: EventPage<E>;
    try {
      page = await readPage(source, window, isResumed, signal);
      state = { ...state, after: checkToken(page.next) };
      isResumed = false;
    } catch (error) {
      if (!(error instanceof ConnectorError) || !(await isOfPart(http, error, signal))) throw error;
      const isLong = to - state.from > MIN_WINDOW_MS;
      refused += isLong ? 0 : 1;
      if (!isLong && !isAnyRead && (to === end || refused >= MAX_REFUSED)) throw error;
      const failed = isLong ? {} : { failed: [failedPart(PERIOD, periodId(state.from, to), error)] };
      // Both ends of a window are exclusive.
      state = { ...state, after: null, to: null, ...(isLong ? {} : { from: to - 1 }) };
      if (!isLong) yield { ...emptyPage(state, state.isFullSync), ...failed };
      if (!isLong && to === end) return;
      to = isLong ? state.from + Math.ceil((to - state.from) / 2) : end;
      checkToken = pageTokens('hubspot', `reading ${source.stream}`);
      continue;
    }
    isAnyRead = true;
    const known = new Set(state.seen);
    const fresh = page.events.filter((event) => !known.has(source.dated(event).id));
    const { activities, unmatched, failed: unread = [] } = await source.match(fresh, signal);
    const inOverlap = page.events.map((event) => source.dated(event)).filter(({ at }) => at >= to - OVERLAP_MS);
    const matched = inOverlap.map(({ id }) => id).filter((id) => unmatched?.has(id) !== true);
    const seen = [...new Set([...state.seen, ...matched])].slice(-MAX_SEEN);
    const { isFullSync } = state;
    const isComplete = state.after === null;
    const isLong = to - state.from > 2 * OVERLAP_MS;
    const isEnd = isComplete && to === end;
    state = isEnd
      ? { from: Math.max(state.from, to - OVERLAP_MS), to: null, after: null, seen, isFullSync: false }
      : isComplete
        ? { ...state, from: to - 1, to: null, seen }
        : { ...state, to, seen };
    const failed = [...unread, ...unexpectedEvents(page.unexpected)].filter((part) => !setAside.isSkipped(part));
    // An idle poll has nothing to save until its window has grown.
    if (activities.length > 0 || failed.length > 0 || isFullSync || !isComplete || isLong) {
      yield { ...emptyPage(state, isFullSync), activities, ...(failed.length > 0 ? { failed } : {}) };
    }
    if (isEnd) return;
    if (!isComplete) continue;
    to = Math.min(end, state.from + 2 * (to - window.from));
    checkToken = pageTokens('hubspot', `reading ${source.stream}`);
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
