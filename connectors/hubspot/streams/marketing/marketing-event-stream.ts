// The attendees of marketing events, read event by event. HubSpot's list of events includes the
// number of attendees, so a poll costs one call per 100 events, and one call per 100 attendees of
// an event whose number has changed. Reading contact by contact would cost one call for each
// contact of the portal.

import type { ChangeStream } from '../../../../src/crm/connector.ts';
import type { Fields } from '../../../../src/domain/lead.ts';
import { pageTokens } from '../../../kit/page-tokens.ts';
import { marketingEventsSchema, participationsSchema } from '../../http/responses/activities.ts';
import type { UnexpectedItem } from '../../http/responses/id-and-paging.ts';
import { STREAM_SCOPES } from '../../http/scopes.ts';
import type { HubSpotParts } from '../../parts.ts';
import { reconcileGroups } from '../../reconcile/reconcile-groups.ts';
import type { Group, GroupSource } from '../groups/group-members.ts';
import { readGroupMembers } from '../groups/group-stream.ts';
import { type StreamReader, scopeFix } from '../stream-reader.ts';

const PAGE = '100';

interface MarketingEvent extends Group {
  readonly properties: Fields;
  readonly hasAttendees: boolean;
}

export function marketingEventStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const { http } = parts;
  const source: GroupSource<MarketingEvent> = {
    stream: stream.id,
    prefix: 'attended',
    kind: 'marketing event',
    inOrder: false,
    list: async (signal) => {
      const { groups, unexpected } = await listEvents(parts, signal);
      return { groups: groups.filter(({ hasAttendees }) => hasAttendees), unexpected };
    },
    existing: async (ids, signal) => {
      const { groups } = await listEvents(parts, signal);
      return groups.map(({ id }) => id).filter((id) => ids.includes(id));
    },
    async members({ id, properties }, after, signal) {
      // A registration or a cancellation is not an attendance.
      const query = { state: 'ATTENDED', limit: PAGE, ...(after === null ? {} : { after }) };
      const path = http.paths.participations(id);
      const response = await http.call(
        { what: 'reading the attendees of a marketing event', path, query, responseSchema: participationsSchema },
        signal,
      );
      const { valid, unexpected } = response.results;
      const members = valid.flatMap(({ associations: { contact }, properties: own }) => {
        if (contact === null || contact === undefined) return [];
        const { attendanceState = null, attendancePercentage = null, attendanceDurationSeconds = null } = own;
        const attendance = {
          attendanceState,
          attendancePercentage,
          attendanceDurationSeconds,
          occurredAt: own.occurredAt,
        };
        return [{ contactId: contact.contactId, at: own.occurredAt, properties: { ...properties, ...attendance } }];
      });
      return { members, unexpected, next: response.paging };
    },
  };
  return {
    stream,
    access: {
      probe: { path: http.paths.marketingEvents, query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.marketing_events),
    },
    read: (cursor, signal, setAside) => readGroupMembers(parts, source, cursor, signal, setAside),
    reconcile: (request, signal) => reconcileGroups(parts, source, request, signal),
  };
}

async function listEvents({ http }: HubSpotParts, signal: AbortSignal) {
  const groups: MarketingEvent[] = [];
  const unexpected: UnexpectedItem[] = [];
  const what = 'reading marketing events';
  const checkToken = pageTokens('hubspot', what);
  let after: string | null = null;
  do {
    const query: Record<string, string> = { limit: PAGE, ...(after === null ? {} : { after }) };
    const path = http.paths.marketingEvents;
    const response = await http.call({ what, path, query, responseSchema: marketingEventsSchema }, signal);
    for (const { objectId, eventName = null, eventType = null, attendees, updatedAt } of response.results.valid) {
      const properties = { event_id: objectId, event_name: eventName, event_type: eventType };
      groups.push({
        id: objectId,
        changeToken: `${attendees ?? ''} ${updatedAt ?? ''}`,
        properties,
        hasAttendees: attendees !== 0,
      });
    }
    unexpected.push(...response.results.unexpected);
    after = checkToken(response.paging);
  } while (after !== null);
  return { groups, unexpected };
}
