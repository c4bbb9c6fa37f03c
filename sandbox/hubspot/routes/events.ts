// GET /events/event-occurrences/{version}: page visits. Enterprise only; every other account gets a
// 403.
import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { badRequest, notInSubscription } from '../hubspot-error.ts';
import { instantOf } from '../properties/property-values.ts';
import { decodeAnchor, encodeAnchor } from '../records/dated-list.ts';
import { encodeToken, limitSchema, tokenSchema } from './list-query.ts';

const instantSchema = z.string().transform((text, context) => {
  const at = instantOf(text);
  if (at === null) context.addIssue({ code: 'custom', message: 'is not an instant' });
  return at ?? 0;
});

const querySchema = z.strictObject({
  objectType: z.string().optional(),
  objectId: z.string().optional(),
  eventType: z.string().optional(),
  occurredAfter: instantSchema.optional(),
  occurredBefore: instantSchema.optional(),
  after: tokenSchema.optional(),
  limit: limitSchema(100, 20),
  sort: z.enum(['occurredAt', '-occurredAt']).default('-occurredAt'),
});

export const listEvents: Endpoint = {
  takesQuery: true,
  // Page visits need a subscription and no scope of their own: the API description lists `oauth`, and
  // "Enterprise" as the required tier.
  scopes: () => ['oauth'],
  handle: (call) => {
    if (call.portal.tier !== 'enterprise') throw notInSubscription();
    const wanted = call.query(querySchema);
    if (wanted.objectType === undefined) throw badRequest('Invalid request parameter: objectType is required');
    if (wanted.objectType !== 'contact' && wanted.objectType !== 'CONTACT') {
      throw badRequest(`Unable to infer object type from: ${wanted.objectType}`);
    }
    if (wanted.objectId === undefined && wanted.eventType === undefined) {
      throw badRequest('Invalid request parameter: objectId or eventType is required');
    }
    const anchor = wanted.after === undefined ? null : decodeAnchor(wanted.after);
    if (wanted.after !== undefined && !anchor) throw badRequest('Invalid request parameter: after is not a cursor');
    const now = call.portal.clock.now();
    const contactId =
      wanted.objectId === undefined ? undefined : call.portal.table('contacts').resolve(wanted.objectId);
    const { items, more } = call.portal.visits.page({
      descending: wanted.sort === '-occurredAt',
      after: anchor,
      // Both ends are exclusive: the stricter reading of "after" and "before".
      from: wanted.occurredAfter === undefined ? Number.NEGATIVE_INFINITY : wanted.occurredAfter + 1,
      to: wanted.occurredBefore ?? Number.POSITIVE_INFINITY,
      limit: wanted.limit,
      accept: (visit) =>
        visit.visibleFrom <= now &&
        (contactId === undefined || visit.contactId === contactId) &&
        (wanted.eventType === undefined || visit.eventType === wanted.eventType),
    });
    const results = items.map(({ id, at, eventType, contactId: objectId, properties }) => ({
      objectType: 'CONTACT',
      objectId,
      eventType,
      occurredAt: new Date(at).toISOString(),
      id,
      properties,
    }));
    const last = items.at(-1);
    return ok(more && last ? { results, paging: { next: { after: encodeToken(encodeAnchor(last)) } } } : { results });
  },
};
