// Reads events of the whole account by time window. An event never changes, so no event is read
// again or deleted. Each poll overlaps the end of the previous one.
import { z } from 'zod';
import type { ChangePage, Cursor, SetAsideParts } from '../../../../src/crm/connector.ts';
import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import { emptyPage } from '../../../kit/change-pages.ts';
import { pageTokens } from '../../../kit/page-tokens.ts';
import { failedPart } from '../../../kit/stream-parts.ts';
import type { HubSpotHttp } from '../../http/client.ts';
import { OVERLAP_MS } from '../../objects/search-cursor.ts';
import type { HubSpotParts } from '../../parts.ts';
import { isOfPart } from '../part-reader.ts';
import { parseCursor } from '../stream-reader.ts';
import { PERIOD, periodId, readDueEvents, unexpectedEvents } from './event-parts.ts';
import type { EventPage, EventSource, EventWindow } from './event-source.ts';

// With a half-life of 30 days an event of a year ago is worth nothing.
const FIRST_WINDOW_MS = 365 * 86_400_000;
const MAX_SEEN = 2000;
// A longer window that HubSpot refuses is read in halves.
const MIN_WINDOW_MS = 3_600_000;
// So many refused windows before the first that is read mean that all of them are refused.
const MAX_REFUSED = 3;

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
type WindowCursor = z.infer<typeof cursorSchema>;

interface ReadOptions<E> {
  readonly http: HubSpotHttp;
  readonly source: EventSource<E>;
  readonly signal: AbortSignal;
  readonly setAside: SetAsideParts;
}

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
  const stored = parseCursor(cursorSchema, source.stream, cursor ?? first);
  // A window in the future: our clock was ahead, and every event until then would be missed.
  const isAhead = stored.from > now - OVERLAP_MS;
  const state = isAhead ? { ...stored, from: now - OVERLAP_MS, to: null, after: null } : stored;
  const options = { http, source, signal, setAside };
  if (!state.isFullSync) {
    for await (const content of readDueEvents(options)) yield { ...emptyPage(state, false), ...content };
  }
  const walk = new WindowWalk(options, state, state.to ?? now);
  while (!walk.isOver) {
    const page = await walk.next();
    if (page !== null) yield page;
  }
}

/** One poll: its windows up to `end`, page by page. */
class WindowWalk<E> {
  isOver = false;
  readonly #options: ReadOptions<E>;
  readonly #end: number;
  #state: WindowCursor;
  /** The end of the current window. */
  #to: number;
  #isResumed: boolean;
  #isAnyRead = false;
  #refused = 0;
  #checkToken: ReturnType<typeof pageTokens>;

  constructor(options: ReadOptions<E>, state: WindowCursor, end: number) {
    this.#options = options;
    this.#state = state;
    this.#end = end;
    this.#to = end;
    this.#isResumed = state.after !== null;
    this.#checkToken = this.#tokens(state.after);
  }

  /**
   * Null: nothing to save.
   * @throws ConnectorError when HubSpot refuses all windows
   */
  async next(): Promise<ChangePage | null> {
    const window = { ...this.#state, to: this.#to };
    try {
      const page = await this.#read(window);
      const after = this.#checkToken(page.next);
      this.#isResumed = false;
      return await this.#accept(page, after);
    } catch (error) {
      const { http, signal } = this.#options;
      if (!(error instanceof ConnectorError) || !(await isOfPart(http, error, signal))) throw error;
      return this.#refuse(error);
    }
  }

  /**
   * The start of a page may have expired when a window is resumed. Then the window is read from its
   * beginning; activity IDs keep its events from counting twice.
   */
  async #read(window: EventWindow): Promise<EventPage<E>> {
    const { source, signal } = this.#options;
    try {
      return await source.page(window, signal);
    } catch (error) {
      if (!this.#isResumed || !(error instanceof ConnectorError) || error.kind !== 'invalid') throw error;
      return await source.page({ ...window, after: null }, signal);
    }
  }

  async #accept({ events, unexpected }: EventPage<E>, after: string | null): Promise<ChangePage | null> {
    const { source, signal, setAside } = this.#options;
    const { from, seen: known, isFullSync } = this.#state;
    const fresh = events.filter((event) => !known.includes(source.dated(event).id));
    const { activities, unmatched, failed: unread = [] } = await source.match(fresh, signal);
    const failed = [...unread, ...unexpectedEvents(unexpected)].filter((part) => !setAside.isSkipped(part));
    this.#isAnyRead = true;
    const to = this.#to;
    const inOverlap = events.map((event) => source.dated(event)).filter(({ at }) => at >= to - OVERLAP_MS);
    const matched = inOverlap.map(({ id }) => id).filter((id) => unmatched?.has(id) !== true);
    this.#advance([...new Set([...known, ...matched])].slice(-MAX_SEEN), after);
    // An idle poll has nothing to save until its window has grown.
    const isLong = to - from > 2 * OVERLAP_MS;
    if (activities.length + failed.length === 0 && !isFullSync && after === null && !isLong) return null;
    return { ...emptyPage(this.#state, isFullSync), activities, ...(failed.length > 0 ? { failed } : {}) };
  }

  #advance(seen: string[], after: string | null): void {
    const { from } = this.#state;
    const to = this.#to;
    if (after !== null) {
      this.#state = { ...this.#state, to, after, seen };
    } else if (to === this.#end) {
      this.#state = { from: Math.max(from, to - OVERLAP_MS), to: null, after, seen, isFullSync: false };
      this.isOver = true;
    } else {
      this.#state = { ...this.#state, seen };
      this.#begin(to - 1, Math.min(this.#end, to + 2 * (to - from)));
    }
  }

  /** Halves a long window, and sets a short one aside. */
  #refuse(error: ConnectorError): ChangePage | null {
    const { from, isFullSync } = this.#state;
    const to = this.#to;
    if (to - from > MIN_WINDOW_MS) {
      this.#begin(from, from + Math.ceil((to - from) / 2));
      return null;
    }
    this.#refused += 1;
    if (!this.#isAnyRead && (to === this.#end || this.#refused >= MAX_REFUSED)) throw error;
    this.isOver = to === this.#end;
    this.#begin(to - 1, this.#end);
    const failed = [failedPart(PERIOD, periodId(from, to), error)];
    return { ...emptyPage(this.#state, isFullSync), failed };
  }

  /** Both ends of a window are exclusive, so `from` lies before its first event. */
  #begin(from: number, to: number): void {
    this.#state = { ...this.#state, from, to: null, after: null };
    this.#to = to;
    this.#isResumed = false;
    this.#checkToken = this.#tokens(null);
  }

  #tokens(after: string | null) {
    return pageTokens('hubspot', `reading ${this.#options.source.stream}`, after);
  }
}
