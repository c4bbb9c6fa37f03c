// The events of marketing e-mails (legacy v1, newest first) and the names of their campaigns.
import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { badRequest, objectNotFound } from '../hubspot-error.ts';
import { EMAIL_EVENT_TYPES } from '../portal/marketing-emails.ts';
import { decodeAnchor, encodeAnchor } from '../records/dated-list.ts';
import { encodeToken, limitSchema, tokenSchema } from './list-query.ts';

const scopes = () => ['content'];
const APP = { appId: 113, appName: 'Batch' };

const millis = z.string().regex(/^\d+$/, 'must be epoch milliseconds').transform(Number);
const eventsSchema = z.strictObject({
  startTimestamp: millis.optional(),
  endTimestamp: millis.optional(),
  eventType: z.enum(EMAIL_EVENT_TYPES).optional(),
  recipient: z.string().optional(),
  campaignId: millis.optional(),
  excludeFilteredEvents: z.enum(['true', 'false']).default('false'),
  limit: limitSchema(1000, 10),
  offset: tokenSchema.optional(),
});

/** GET /email/public/v1/events */
export const listEmailEvents: Endpoint = {
  takesQuery: true,
  scopes,
  handle: ({ portal, query }) => {
    const wanted = query(eventsSchema);
    const anchor = wanted.offset === undefined ? null : decodeAnchor(wanted.offset);
    if (wanted.offset !== undefined && !anchor) throw badRequest('Invalid request parameter: offset is not a cursor');
    const now = portal.clock.now();
    const { items, more } = portal.emails.events.page({
      descending: true,
      after: anchor,
      // Both ends are exclusive: the stricter reading of the documents.
      from: wanted.startTimestamp === undefined ? Number.NEGATIVE_INFINITY : wanted.startTimestamp + 1,
      to: wanted.endTimestamp ?? Number.POSITIVE_INFINITY,
      limit: wanted.limit,
      accept: (event) =>
        event.visibleFrom <= now &&
        (wanted.eventType === undefined || event.type === wanted.eventType) &&
        (wanted.recipient === undefined || event.recipient === wanted.recipient) &&
        (wanted.campaignId === undefined || event.campaignId === wanted.campaignId) &&
        !(wanted.excludeFilteredEvents === 'true' && event.details.filteredEvent === true),
    });
    // "All but one event type (UNBOUNCE)" have a recipient, an app and a campaign:
    // https://developers.hubspot.com/docs/api-reference/legacy/email-analytics-v1/guide
    const events = items.map(({ id, at, type, recipient, campaignId, details: own }) => ({
      id,
      created: at,
      ...(type === 'UNBOUNCE' ? {} : { type, recipient, portalId: portal.id, ...APP, emailCampaignId: campaignId }),
      ...own,
    }));
    const last = items.at(-1);
    return ok({ hasMore: more, offset: last ? encodeToken(encodeAnchor(last)) : '', events });
  },
};

const campaignSchema = z.strictObject({ appId: millis.optional() });

/** GET /email/public/v1/campaigns/{id} */
export const getEmailCampaign: Endpoint = {
  takesQuery: true,
  scopes,
  handle: ({ portal, param, query }) => {
    query(campaignSchema);
    const campaign = portal.emails.campaigns.get(Number(param('id')));
    if (!campaign) throw objectNotFound(`No campaign found with id ${param('id')}`);
    return ok({ ...campaign, ...APP, type: 'BATCH_EMAIL', contentId: campaign.id + 1, counters: {} });
  },
};
