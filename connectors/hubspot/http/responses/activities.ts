// The responses of the APIs that activities come from: forms, page views, marketing e-mails, lists,
// marketing events.
import { z } from 'zod';
import { id, items, pageToken, paging } from './id-and-paging.ts';

const form = z.looseObject({ id: z.string(), name: z.string().nullish() });
export const formsSchema = z.looseObject({ results: items(form), paging });

const submission = z.looseObject({
  conversionId: z.string(),
  submittedAt: z.number(),
  pageUrl: z.string().nullish(),
  values: z
    .array(z.looseObject({ name: z.string(), value: z.union([z.string(), z.array(z.string())]).nullish() }))
    .optional()
    .default([]),
});
export type Submission = z.infer<typeof submission>;
export const submissionsSchema = z.looseObject({ results: items(submission), paging });

const occurrence = z.looseObject({
  id: z.string(),
  objectId: id,
  occurredAt: z.iso.datetime({ offset: true }),
  properties: z.record(z.string(), z.string().nullable()).optional().default({}),
});
export type Occurrence = z.infer<typeof occurrence>;
export const occurrencesSchema = z.looseObject({ results: items(occurrence), paging });

/** Values of other types (`subscriptions`, `browser`) are not parsed. */
const emailEvent = z.looseObject({
  id: z.string(),
  created: z.number(),
  // "All but one event type (UNBOUNCE)" have these:
  // https://developers.hubspot.com/docs/api-reference/legacy/email-analytics-v1/guide
  type: z.string().nullish(),
  recipient: z.string().nullish(),
  emailCampaignId: z.number().nullish(),
  appId: z.number().nullish(),
  /** A later event that replaces this one. */
  obsoletedBy: z.unknown().optional(),
});
export type EmailEvent = z.infer<typeof emailEvent>;
export const emailEventsSchema = z.looseObject({
  hasMore: z.boolean().optional().default(false),
  offset: pageToken.nullish(),
  events: items(emailEvent),
});

export const emailCampaignSchema = z.looseObject({ name: z.string().nullish(), subject: z.string().nullish() });

const list = z.looseObject({
  listId: id,
  name: z.string(),
  processingType: z.string().nullish(),
  objectTypeId: z.string().nullish(),
  additionalProperties: z.record(z.string(), z.unknown()).nullish(),
});
export type HubSpotList = z.infer<typeof list>;
export const listsSchema = z.looseObject({
  lists: items(list),
  offset: z.number().optional().default(0),
  hasMore: z.boolean().optional().default(false),
});

const listMember = z.looseObject({ recordId: id, membershipTimestamp: z.iso.datetime({ offset: true }) });
export const listMembersSchema = z.looseObject({ results: items(listMember), paging });

const marketingEvent = z.looseObject({
  objectId: id,
  eventName: z.string().nullish(),
  eventType: z.string().nullish(),
  attendees: z.number().nullish(),
  updatedAt: z.string().nullish(),
});
export const marketingEventsSchema = z.looseObject({ results: items(marketingEvent), paging });

const participation = z.looseObject({
  associations: z.looseObject({ contact: z.looseObject({ contactId: id }).nullish() }),
  properties: z.looseObject({
    attendanceState: z.string().nullish(),
    occurredAt: z.number(),
    attendancePercentage: z.string().nullish(),
    attendanceDurationSeconds: z.number().nullish(),
  }),
});
export const participationsSchema = z.looseObject({ results: items(participation), paging });
