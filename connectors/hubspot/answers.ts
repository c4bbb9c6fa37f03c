// What HubSpot answers, as far as the connector reads it. Tolerant: unknown keys pass, unset properties are null.
import { z } from 'zod';
import { rowErrorSchema } from './answer-error.ts';

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

const objectSchema = z.looseObject({
  id,
  properties: z.record(z.string(), z.string().nullable()),
  updatedAt: z.string().nullish(),
  associations: z.record(z.string(), links).nullish(),
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
