// The responses of the CRM objects API: objects, associations, pipelines. Like all response schemas
// of this folder they ignore unknown keys, and null stands for a property without a value.
import { z } from 'zod';
import { rowErrorSchema } from '../error-response.ts';
import { id, items, paging } from './id-and-paging.ts';

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
export const objectsSchema = z.looseObject({ results: items(objectSchema), paging });

/** The response of a batch: 200, or 207 with the errors of some rows. */
export const batchSchema = z.looseObject({
  results: items(objectSchema).optional().default({ valid: [], unexpected: [] }),
  errors: z.array(rowErrorSchema).optional().default([]),
});

const associationType = z.looseObject({
  /** A portal's own label (`USER_DEFINED`) can have the number of one of HubSpot's types. */
  category: z.string().nullish(),
  typeId: z.number().optional(),
});
export type AssociationType = z.infer<typeof associationType>;

const associationRow = z.looseObject({
  from: z.looseObject({ id }),
  to: z.array(z.looseObject({ toObjectId: id, associationTypes: z.array(associationType).optional().default([]) })),
  paging,
});

export type AssociationRow = z.infer<typeof associationRow>;

export const associationsSchema = z.looseObject({
  results: items(associationRow),
  errors: z.array(rowErrorSchema).optional().default([]),
});

const stage = z.looseObject({
  id,
  metadata: z
    .looseObject({ isClosed: z.unknown(), probability: z.unknown() })
    .partial()
    .nullish()
    .transform((value) => value ?? {}),
});

export const pipelinesSchema = z.looseObject({
  results: items(z.looseObject({ stages: items(stage).optional().default({ valid: [], unexpected: [] }) })),
});
