// The responses of the CRM objects API: objects, associations, pipelines. Like all response schemas
// of this folder they ignore unknown keys, and null stands for a property without a value.
import { z } from 'zod';
import { rowErrorSchema } from '../error-response.ts';
import { id, paging } from './id-and-paging.ts';

const link = z.looseObject({ id, type: z.string().optional() });
const links = z.looseObject({ results: z.array(link).optional().default([]), paging });
export type ListedLinks = z.infer<typeof links>;

/** A former value of a property, and the instant at which it was set. */
const version = z.looseObject({
  value: z.string().nullish(),
  timestamp: z.union([z.string(), z.number()]),
  sourceType: z.string().nullish(),
});

export const objectSchema = z.looseObject({
  id,
  properties: z.record(z.string(), z.string().nullable()),
  updatedAt: z.string().nullish(),
  associations: z.record(z.string(), links).nullish(),
  propertiesWithHistory: z.record(z.string(), z.array(version)).nullish(),
});
export type HubSpotObject = z.infer<typeof objectSchema>;

/** A page of a list or of a search. */
export const objectsSchema = z.looseObject({ results: z.array(objectSchema), paging });

/** The response of a batch: 200, or 207 with the errors of some rows. */
export const batchSchema = z.looseObject({
  results: z.array(objectSchema).optional().default([]),
  errors: z.array(rowErrorSchema).optional().default([]),
});

const associationType = z.looseObject({
  typeId: z.number().optional(),
  label: z.string().nullish(),
});

export const associationsSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      from: z.looseObject({ id }),
      to: z.array(z.looseObject({ toObjectId: id, associationTypes: z.array(associationType).optional().default([]) })),
      paging,
    }),
  ),
  errors: z.array(rowErrorSchema).optional().default([]),
});

export const pipelinesSchema = z.looseObject({
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
