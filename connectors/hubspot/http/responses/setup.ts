// The responses that setup and doctor read: properties, their groups and limits, and the account.
import { z } from 'zod';
import { id } from './id-and-paging.ts';

export const propertiesSchema = z.looseObject({
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
export type HubSpotProperty = z.infer<typeof propertiesSchema>['results'][number];

export const propertyGroupsSchema = z.looseObject({ results: z.array(z.looseObject({ name: z.string() })) });

export const propertyLimitsSchema = z.looseObject({
  byObjectType: z.array(z.looseObject({ objectTypeId: z.string(), limit: z.number(), usage: z.number() })),
});

export const accountSchema = z.looseObject({
  portalId: id,
  accountType: z.string().optional(),
  timeZone: z.string().optional(),
});
