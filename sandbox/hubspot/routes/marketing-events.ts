// Marketing events and their participations.
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { objectNotFound } from '../hubspot-error.ts';
import { ATTENDANCE_STATES, countIn } from '../portal/marketing-events.ts';
import { encodeToken, limitSchema, offsetSchema } from './list-query.ts';

const scopes = () => ['crm.objects.marketing_events.read'];

const pageShape = {
  limit: limitSchema(100, 10),
  after: offsetSchema.optional(),
};

/** GET /marketing/marketing-events/{version} */
export const listMarketingEvents: Endpoint = {
  takesQuery: true,
  scopes,
  handle: ({ portal, query }) => {
    const { limit, after } = query(z.strictObject(pageShape));
    const all = [...portal.marketingEvents.all.values()].map((event) => ({
      objectId: event.id,
      eventName: event.name,
      createdAt: new Date(event.createdAt).toISOString(),
      updatedAt: new Date(event.updatedAt).toISOString(),
      registrants: countIn(event, 'REGISTERED'),
      attendees: countIn(event, 'ATTENDED'),
      cancellations: countIn(event, 'CANCELLED'),
      noShows: countIn(event, 'NO_SHOW'),
      customProperties: [],
    }));
    return page(all, after ?? 0, limit);
  },
};

const breakdownSchema = z.strictObject({
  ...pageShape,
  state: z.enum(ATTENDANCE_STATES).optional(),
  contactIdentifier: z.string().optional(),
});

/** GET /marketing/marketing-events/{version}/participations/{id}/breakdown */
export const listParticipations: Endpoint = {
  takesQuery: true,
  scopes,
  handle: ({ portal, param, query }) => {
    const { limit, after, state, contactIdentifier } = query(breakdownSchema);
    const event = portal.marketingEvents.all.get(param('id'));
    if (!event) throw objectNotFound(`No marketing event found with id ${param('id')}`);
    const all = [...event.participations]
      .filter(
        ([contactId, each]) => each.state === (state ?? each.state) && contactId === (contactIdentifier ?? contactId),
      )
      .map(([contactId, each]) => ({
        id: `${event.id}-${contactId}`,
        createdAt: new Date(each.at).toISOString(),
        associations: {
          contact: { contactId, email: portal.table('contacts').find(contactId)?.properties.get('email') ?? '' },
          marketingEvent: { marketingEventId: event.id, name: event.name },
        },
        properties: { attendanceState: each.state, occurredAt: each.at },
      }));
    return page(all, after ?? 0, limit);
  },
};

function page(all: readonly object[], start: number, limit: number): Reply {
  const end = start + limit;
  const next = end < all.length ? { paging: { next: { after: encodeToken(String(end)) } } } : {};
  return ok({ results: all.slice(start, end), total: all.length, ...next });
}
