// The responses that setup and doctor read: properties, their groups and limits, and the account.
import { z } from 'zod';
import { id, items } from './id-and-paging.ts';

const property = z.looseObject({
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
});
export type HubSpotProperty = z.infer<typeof property>;

export const propertiesSchema = z.looseObject({ results: items(property) });

export const propertyGroupsSchema = z.looseObject({ results: items(z.looseObject({ name: z.string() })) });

export const propertyLimitsSchema = z.looseObject({
  byObjectType: items(z.looseObject({ objectTypeId: z.string(), limit: z.number(), usage: z.number() })),
});

export const accountSchema = z.looseObject({
  portalId: id,
  accountType: z.string().optional(),
  timeZone: z.string().optional(),
});
