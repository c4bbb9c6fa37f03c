// Events of the whole account by time window. An event never changes, so nothing is ever compared or dropped: windows follow
// each other, each a little into the one before.
import { z } from 'zod';
import type { ChangePage, Cursor, SourcedActivity } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { OVERLAP_MS } from '../objects/search-changes.ts';
import { type HubSpotParts, parseCursor } from './stream.ts';

// With a half-life of 30 days what happened a year ago is worth nothing.
const FIRST_WINDOW_MS = 365 * 86_400_000;
const MOST_REMEMBERED = 2000;

const cursorSchema = z.object({
  /** The window under way (epoch ms, our clock; `to` null: up to now), and where its next page begins. */
  from: z.number(),
  to: z.number().nullable(),
  after: z.string().nullable(),
  /** Ids of events in the overlap with the next window. */
  seen: z.array(z.string()),
  /** The first window is under way. */
  whole: z.boolean(),
});

export interface EventWindow {
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Where the page begins; null: at the window's beginning. */
  readonly after: string | null;
}

export interface Matched {
  readonly activities: readonly SourcedActivity[];
  /** Events whose contact may not be there yet: within the overlap they are looked for again. */
  readonly unmatched?: ReadonlySet<string>;
}

export interface EventSource<E> {
  readonly stream: string;
  /** In any order; `at` is epoch ms. */
  dated(event: E): { readonly id: string; readonly at: number };
  page(window: EventWindow, signal: AbortSignal): Promise<{ events: readonly E[]; next: string | null }>;
  match(events: readonly E[], signal: AbortSignal): Promise<Matched>;
}

/** One page of a window at a time, kept with where the next one begins: memory and what a kill costs are a page's. */
export async function* readWindows<E>(
  { clock }: Pick<HubSpotParts, 'clock'>,
  source: EventSource<E>,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const now = clock.now().getTime();
  const first = { from: now - FIRST_WINDOW_MS, to: null, after: null, seen: [], whole: true };
  let state = parseCursor(cursorSchema, source.stream, cursor ?? first);
  const to = state.to ?? now;
  let resumed = state.after !== null;
  for (;;) {
    const { events, next } = await readPage(source, { ...state, to }, resumed, signal);
    resumed = false;
    const known = new Set(state.seen);
    const fresh = events.filter((event) => !known.has(source.dated(event).id));
    const { activities, unmatched } = await source.match(fresh, signal);
    const late = events.map((event) => source.dated(event)).filter(({ at }) => at >= to - OVERLAP_MS);
    const matched = late.map(({ id }) => id).filter((id) => unmatched?.has(id) !== true);
    const seen = [...new Set([...state.seen, ...matched])].slice(-MOST_REMEMBERED);
    const { whole } = state;
    const ended = next === null;
    const far = to - state.from > 2 * OVERLAP_MS;
    state = ended
      ? { from: Math.max(state.from, to - OVERLAP_MS), to: null, after: null, seen, whole: false }
      : { ...state, to, after: next, seen };
    // An idle poll has nothing to keep, until its window has grown.
    if (activities.length > 0 || whole || !ended || far) yield { ...emptyPage(state, whole), activities };
    if (ended) return;
  }
}

/** Nobody promises that where a page began is still known a day later: then the window is read anew, and counts nothing twice. */
async function readPage<E>(source: EventSource<E>, window: EventWindow, resumed: boolean, signal: AbortSignal) {
  try {
    return await source.page(window, signal);
  } catch (error) {
    if (!resumed || !(error instanceof ConnectorError) || error.kind !== 'invalid') throw error;
    return await source.page({ ...window, after: null }, signal);
  }
}
