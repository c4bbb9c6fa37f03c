// What HubSpot answers, as far as the connector reads it. Tolerant: unknown keys pass, unset properties are null.
import { z } from 'zod';
import { rowErrorSchema } from './error-response.ts';

/** Ids are strings on dated paths, numbers on some older ones. */
const id = z.union([z.string(), z.number()]).transform(String);
const after = z.union([z.string(), z.number()]).transform(String);

const paging = z
  .looseObject({ next: z.looseObject({ after }).nullish() })
  .nullish()
  .transform((value) => value?.next?.after ?? null);

const link = z.looseObject({ id, type: z.string().optional() });
const links = z.looseObject({ results: z.array(link).optional().default([]), paging });
export type ListedLinks = z.infer<typeof links>;

/** A value that a property had, and since when. */
const version = z.looseObject({
  value: z.string().nullish(),
  timestamp: z.union([z.string(), z.number()]),
  sourceType: z.string().nullish(),
});

const objectSchema = z.looseObject({
  id,
  properties: z.record(z.string(), z.string().nullable()),
  updatedAt: z.string().nullish(),
  associations: z.record(z.string(), links).nullish(),
  propertiesWithHistory: z.record(z.string(), z.array(version)).nullish(),
});
export type HubSpotObject = z.infer<typeof objectSchema>;

/** A list, a search, or a batch read: objects, and where the next page begins (null: this is the last). */
export const objectsAnswer = z.looseObject({ results: z.array(objectSchema), paging });
export const objectAnswer = objectSchema;

/** 200, or 207 with what went wrong for some. */
export const batchAnswer = z.looseObject({
  results: z.array(objectSchema).optional().default([]),
  errors: z.array(rowErrorSchema).optional().default([]),
});

const associationType = z.looseObject({
  typeId: z.number().optional(),
  label: z.string().nullish(),
});

export const associationsAnswer = z.looseObject({
  results: z.array(
    z.looseObject({
      from: z.looseObject({ id }),
      to: z.array(z.looseObject({ toObjectId: id, associationTypes: z.array(associationType).optional().default([]) })),
      paging,
    }),
  ),
  errors: z.array(rowErrorSchema).optional().default([]),
});

export const pipelinesAnswer = z.looseObject({
  results: z.array(
    z.looseObject({
      stages: z
        .array(
          z.looseObject({
            id,
            metadata: z
              .looseObject({ isClosed: z.unknown(), probability: z.unknown() })
              .partial()
              .nullish()
              .transform((value) => value ?? {}),
          }),
        )
        .optional()
        .default([]),
    }),
  ),
});

export const formsAnswer = z.looseObject({
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
export const submissionsAnswer = z.looseObject({ results: z.array(submission), paging });

export const occurrencesAnswer = z.looseObject({
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

/** Values of other types (`subscriptions`, `browser`) are left alone. */
const emailEvent = z.looseObject({
  id: z.string(),
  created: z.number(),
  type: z.string(),
  /** UNBOUNCE alone has none. */
  recipient: z.string().nullish(),
  emailCampaignId: z.number().nullish(),
  appId: z.number().nullish(),
  /** A later event tells it better. */
  obsoletedBy: z.unknown().optional(),
});
export type EmailEvent = z.infer<typeof emailEvent>;
export const emailEventsAnswer = z.looseObject({
  hasMore: z.boolean().optional().default(false),
  offset: z.string().nullish(),
  events: z.array(emailEvent),
});

export const emailCampaignAnswer = z.looseObject({ name: z.string().nullish(), subject: z.string().nullish() });

export const listsAnswer = z.looseObject({
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
export type HubSpotList = z.infer<typeof listsAnswer>['lists'][number];

export const listMembersAnswer = z.looseObject({
  results: z.array(z.looseObject({ recordId: id, membershipTimestamp: z.string() })),
  paging,
});

export const marketingEventsAnswer = z.looseObject({
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

export const participationsAnswer = z.looseObject({
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

export const propertiesAnswer = z.looseObject({
  results: z.array(
    z.looseObject({
      name: z.string(),
      type: z.string(),
      fieldType: z.string().optional(),
      groupName: z.string().optional(),
      archived: z.boolean().optional(),
      options: z
        .array(
          z.looseObject({
            value: z.string(),
            label: z.string(),
            displayOrder: z.number().optional(),
            hidden: z.boolean().optional(),
          }),
        )
        .optional()
        .default([]),
    }),
  ),
});
export type HubSpotProperty = z.infer<typeof propertiesAnswer>['results'][number];

export const groupsAnswer = z.looseObject({ results: z.array(z.looseObject({ name: z.string() })) });

export const limitsAnswer = z.looseObject({
  byObjectType: z.array(z.looseObject({ objectTypeId: z.string(), limit: z.number(), usage: z.number() })),
});

export const accountAnswer = z.looseObject({
  portalId: id,
  accountType: z.string().optional(),
  timeZone: z.string().optional(),
});
