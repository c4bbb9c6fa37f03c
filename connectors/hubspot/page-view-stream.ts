// Page views of the whole account by time window (behavioral events; Enterprise only, 403 below). An event never changes,
// so nothing is ever compared or dropped: windows follow each other, each a little into the one before.
import { z } from 'zod';
import type { ChangeStream, SourcedActivity } from '../connector.ts';
import { occurrencesAnswer } from './answers.ts';
import { contactRef } from './contact-projection.ts';
import { OVERLAP_MS } from './search-changes.ts';
import { emptyPage, type HubSpotParts, parseCursor, type StreamReader } from './stream.ts';
import { pathOf } from './url-path.ts';

// With a half-life of 30 days a view of a year ago is worth nothing.
const FIRST_WINDOW_MS = 365 * 86_400_000;
const PAGE = 100;
const VISITED = 'e_visited_page';
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
type ViewsCursor = z.infer<typeof cursorSchema>;
type Occurrence = z.infer<typeof occurrencesAnswer>['results'][number];

export function pageViewStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  return {
    stream,
    // HubSpot's list of event types is the same on every subscription: only asking for events tells.
    access: {
      probe: {
        path: parts.http.paths.eventOccurrences,
        query: { eventType: VISITED, objectType: 'contact', limit: '1' },
      },
      subscription: 'Page views need an Enterprise subscription.',
    },
    async *read(cursor, signal) {
      const now = parts.clock.now().getTime();
      const first = { from: now - FIRST_WINDOW_MS, to: null, after: null, seen: [], whole: true };
      let state = parseCursor(cursorSchema, stream.id, cursor ?? first);
      const to = state.to ?? now;
      for (;;) {
        const answer = await readOccurrences(parts, { ...state, to }, signal);
        const known = new Set(state.seen);
        const fresh = answer.results.filter((event) => !known.has(event.id));
        const activities = fresh.flatMap((event) => toPageView(parts, event));
        const late = answer.results.filter((event) => Date.parse(event.occurredAt) >= to - OVERLAP_MS);
        const seen = [...new Set([...state.seen, ...late.map((event) => event.id)])].slice(-MOST_REMEMBERED);
        const { whole } = state;
        const ended = answer.paging === null;
        const far = to - state.from > 2 * OVERLAP_MS;
        state = ended
          ? { from: Math.max(state.from, to - OVERLAP_MS), to: null, after: null, seen, whole: false }
          : { ...state, to, after: answer.paging, seen };
        // An idle poll has nothing to keep, until its window has grown.
        if (activities.length > 0 || whole || !ended || far) yield { ...emptyPage(state, whole), activities };
        if (ended) return;
      }
    },
  };
}

async function readOccurrences({ http }: HubSpotParts, window: ViewsCursor & { to: number }, signal: AbortSignal) {
  const query = {
    eventType: VISITED,
    objectType: 'contact',
    occurredAfter: new Date(window.from).toISOString(),
    occurredBefore: new Date(window.to).toISOString(),
    sort: 'occurredAt',
    limit: String(PAGE),
    ...(window.after === null ? {} : { after: window.after }),
  };
  const path = http.paths.eventOccurrences;
  return await http.call({ what: 'reading page views', path, query, answer: occurrencesAnswer }, signal);
}

function toPageView({ toActivity }: HubSpotParts, event: Occurrence): SourcedActivity[] {
  const page_path = pathOf(event.properties.hs_url);
  const properties = { ...event.properties, occurred_at: event.occurredAt, page_path };
  const activity = toActivity({ id: `event:${event.id}`, source: 'page_views', properties });
  return activity === null ? [] : [{ ...activity, ref: contactRef(event.objectId) }];
}
