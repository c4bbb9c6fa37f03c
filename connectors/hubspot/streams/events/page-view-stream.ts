// Page views of the whole account by time window. They are behavioral events, which need an
// Enterprise subscription; other portals get a 403.
import type { ChangeStream, FailedPart, SourcedActivity } from '../../../../src/crm/connector.ts';
import { isUndated } from '../../../../src/mapping/project-activities.ts';
import { contactRef } from '../../contacts/contact-mapping.ts';
import { type Occurrence, occurrencesSchema } from '../../http/responses/activities.ts';
import { pathOf } from '../../objects/url-path.ts';
import type { HubSpotParts } from '../../parts.ts';
import { isDatedBy } from '../../reconcile/pages.ts';
import { reconcileEvents } from '../../reconcile/reconcile-events.ts';
import type { StreamReader } from '../stream-reader.ts';
import { undatedEvent } from './event-parts.ts';
import type { EventSource, EventWindow, MatchedEvents } from './event-source.ts';
import { readWindows } from './event-windows.ts';

const PAGE = 100;
const VISITED = 'e_visited_page';

export function pageViewStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const source: EventSource<Occurrence> = {
    stream: stream.id,
    activityId,
    dated,
    page: (window, signal) => readOccurrences(parts, window, signal),
    match: async (events) => toPageViews(parts, events),
  };
  return {
    stream,
    // HubSpot lists the same event types for every subscription, so only a read of events shows the
    // access.
    access: {
      probe: {
        path: parts.http.paths.eventOccurrences,
        query: { eventType: VISITED, objectType: 'contact', limit: '1' },
      },
      subscription: 'Page views need an Enterprise subscription.',
    },
    read: (cursor, signal, setAside) => readWindows(parts, source, cursor, signal, setAside),
    reconcile: (request, signal) => {
      const isComparable = isDatedBy(parts.mapping, stream.id, 'occurred_at');
      return reconcileEvents(source, { ...request, now: parts.clock.now(), isComparable }, signal);
    },
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
  const response = await http.call(
    { what: 'reading page views', path, query, responseSchema: occurrencesSchema },
    signal,
  );
  const { valid, unexpected } = response.results;
  return { events: valid, unexpected, next: response.paging };
}

function activityId(eventId: string): string {
  return `event:${eventId}`;
}

function toPageViews({ toActivity }: HubSpotParts, events: readonly Occurrence[]): MatchedEvents {
  const activities: SourcedActivity[] = [];
  const failed: FailedPart[] = [];
  for (const event of events) {
    const page_path = pathOf(event.properties.hs_url);
    const properties = { ...event.properties, occurred_at: event.occurredAt, page_path };
    const activity = toActivity({ id: activityId(event.id), source: 'page_views', properties });
    if (isUndated(activity)) failed.push(undatedEvent(dated(event), activity.undated));
    else if (activity !== null) activities.push({ ...activity, ref: contactRef(event.objectId) });
  }
  return { activities, failed };
}

function dated({ id, occurredAt }: Occurrence) {
  return { id, at: Date.parse(occurredAt) };
}
