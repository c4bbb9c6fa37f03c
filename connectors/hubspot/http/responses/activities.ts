// The responses of the APIs that activities come from: forms, page views, marketing e-mails, lists,
// marketing events.
import { z } from 'zod';
import { id, paging } from './id-and-paging.ts';

export const formsSchema = z.looseObject({
  results: z.array(z.looseObject({ id: z.string(), name: z.string().nullish() })),
  paging,
});

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
export const submissionsSchema = z.looseObject({ results: z.array(submission), paging });

export const occurrencesSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      id: z.string(),
      objectId: id,
      occurredAt: z.string(),
      properties: z.record(z.string(), z.string().nullable()).optional().default({}),
    }),
  ),
  paging,
});

/** Values of other types (`subscriptions`, `browser`) are not parsed. */
const emailEvent = z.looseObject({
  id: z.string(),
  created: z.number(),
  type: z.string(),
  /** Absent only in UNBOUNCE events. */
  recipient: z.string().nullish(),
  emailCampaignId: z.number().nullish(),
  appId: z.number().nullish(),
  /** A later event that replaces this one. */
  obsoletedBy: z.unknown().optional(),
});
export type EmailEvent = z.infer<typeof emailEvent>;
export const emailEventsSchema = z.looseObject({
  hasMore: z.boolean().optional().default(false),
  offset: z.string().nullish(),
  events: z.array(emailEvent),
});

export const emailCampaignSchema = z.looseObject({ name: z.string().nullish(), subject: z.string().nullish() });

export const listsSchema = z.looseObject({
  lists: z.array(
    z.looseObject({
      listId: id,
      name: z.string(),
      processingType: z.string().nullish(),
      objectTypeId: z.string().nullish(),
      additionalProperties: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
  offset: z.number().optional().default(0),
  hasMore: z.boolean().optional().default(false),
});
export type HubSpotList = z.infer<typeof listsSchema>['lists'][number];

export const listMembersSchema = z.looseObject({
  results: z.array(z.looseObject({ recordId: id, membershipTimestamp: z.string() })),
  paging,
});

export const marketingEventsSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      objectId: id,
      eventName: z.string().nullish(),
      eventType: z.string().nullish(),
      attendees: z.number().nullish(),
      updatedAt: z.string().nullish(),
    }),
  ),
  paging,
});

export const participationsSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      associations: z.looseObject({ contact: z.looseObject({ contactId: id }).nullish() }),
      properties: z.looseObject({
        attendanceState: z.string().nullish(),
        occurredAt: z.number(),
        attendancePercentage: z.string().nullish(),
        attendanceDurationSeconds: z.number().nullish(),
      }),
    }),
  ),
  paging,
});
