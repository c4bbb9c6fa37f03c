// Page views of the whole account by time window (behavioral events; Enterprise only, 403 below).
import type { z } from 'zod';
import type { ChangeStream, SourcedActivity } from '../../../src/crm/connector.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import { occurrencesAnswer } from '../http/responses.ts';
import { pathOf } from '../objects/url-path.ts';
import { type EventSource, type EventWindow, readWindows } from './event-windows.ts';
import type { HubSpotParts, StreamReader } from './stream.ts';

const PAGE = 100;
const VISITED = 'e_visited_page';

type Occurrence = z.infer<typeof occurrencesAnswer>['results'][number];

export function pageViewStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const source: EventSource<Occurrence> = {
    stream: stream.id,
    dated: ({ id, occurredAt }) => ({ id, at: Date.parse(occurredAt) }),
    page: (window, signal) => readOccurrences(parts, window, signal),
    match: async (events) => ({ activities: events.flatMap((event) => toPageView(parts, event)) }),
  };
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
    read: (cursor, signal) => readWindows(parts, source, cursor, signal),
  };
}

async function readOccurrences({ http }: HubSpotParts, window: EventWindow, signal: AbortSignal) {
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
  const answer = await http.call({ what: 'reading page views', path, query, answer: occurrencesAnswer }, signal);
  return { events: answer.results, next: answer.paging };
}

function toPageView({ toActivity }: HubSpotParts, event: Occurrence): SourcedActivity[] {
  const page_path = pathOf(event.properties.hs_url);
  const properties = { ...event.properties, occurred_at: event.occurredAt, page_path };
  const activity = toActivity({ id: `event:${event.id}`, source: 'page_views', properties });
  return activity === null ? [] : [{ ...activity, ref: contactRef(event.objectId) }];
}
