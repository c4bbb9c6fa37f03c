// The description of an object: its fields, as far as this user can see them.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
import { z } from 'zod';

const fieldSchema = z.looseObject({
  name: z.string(),
  type: z.string(),
  updateable: z.boolean(),
  referenceTo: z.array(z.string()).default([]),
  relationshipName: z.string().nullable().default(null),
  picklistValues: z.array(z.looseObject({ value: z.string(), active: z.boolean() })).default([]),
  restrictedPicklist: z.boolean().default(false),
  length: z.number().default(0),
});
export type DescribedField = z.infer<typeof fieldSchema>;

export const describeSchema = z.looseObject({
  name: z.string(),
  queryable: z.boolean(),
  updateable: z.boolean(),
  fields: z.array(fieldSchema),
});

export interface DescribedObject {
  readonly name: string;
  readonly queryable: boolean;
  readonly updateable: boolean;
  /** Keyed by lower-case name: Salesforce's field names are case-insensitive. */
  readonly fields: ReadonlyMap<string, DescribedField>;
}
