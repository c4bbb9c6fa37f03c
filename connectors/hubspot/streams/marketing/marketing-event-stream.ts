// Who took part in a marketing event. Asked event by event: HubSpot's list of events counts who came, so that a poll costs one
// call for 100 events, and one for 100 guests of an event whose count has changed. Contact by contact it would be one call for
// each contact of the portal.

import type { ChangeStream } from '../../../../src/crm/connector.ts';
import type { Fields } from '../../../../src/domain/lead.ts';
import { marketingEventsAnswer, participationsAnswer } from '../../http/responses.ts';
import { STREAM_SCOPES } from '../../http/scopes.ts';
import { type Group, type GroupSource, readGroupMembers } from '../member-stream.ts';
import { type HubSpotParts, type StreamReader, scopeFix } from '../stream.ts';

const PAGE = '100';

interface MarketingEvent extends Group {
  readonly properties: Fields;
}

export function marketingEventStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const { http } = parts;
  const source: GroupSource<MarketingEvent> = {
    stream: stream.id,
    prefix: 'attended',
    inOrder: false,
    list: (signal) => listEvents(parts, signal),
    async members({ id, properties }, after, signal) {
      // Registering or canceling is no taking part.
      const query = { state: 'ATTENDED', limit: PAGE, ...(after === null ? {} : { after }) };
      const path = http.paths.participations(id);
      const answer = await http.call(
        { what: 'reading who took part in a marketing event', path, query, answer: participationsAnswer },
        signal,
      );
      const members = answer.results.flatMap(({ associations: { contact }, properties: own }) => {
        if (contact === null || contact === undefined) return [];
        const { attendanceState = null, attendancePercentage = null, attendanceDurationSeconds = null } = own;
        const took = { attendanceState, attendancePercentage, attendanceDurationSeconds, occurredAt: own.occurredAt };
        return [{ contactId: contact.contactId, at: own.occurredAt, properties: { ...properties, ...took } }];
      });
      return { members, next: answer.paging };
    },
  };
  return {
    stream,
    access: {
      probe: { path: http.paths.marketingEvents, query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.marketing_events),
    },
    read: (cursor, signal) => readGroupMembers(parts, source, cursor, signal),
  };
}

async function listEvents({ http }: HubSpotParts, signal: AbortSignal): Promise<MarketingEvent[]> {
  const found: MarketingEvent[] = [];
  let after: string | null = null;
  do {
    const query: Record<string, string> = { limit: PAGE, ...(after === null ? {} : { after }) };
    const path = http.paths.marketingEvents;
    const answer = await http.call(
      { what: 'reading marketing events', path, query, answer: marketingEventsAnswer },
      signal,
    );
    for (const { objectId, eventName = null, eventType = null, attendees, updatedAt } of answer.results) {
      if (attendees === 0) continue;
      const properties = { event_id: objectId, event_name: eventName, event_type: eventType };
      found.push({ id: objectId, changeToken: `${attendees ?? ''} ${updatedAt ?? ''}`, properties });
    }
    after = answer.paging;
  } while (after !== null);
  return found;
}
