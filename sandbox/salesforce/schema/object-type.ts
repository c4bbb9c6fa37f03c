// The definition of an object (sObject).
import { type FieldDefinition, SYSTEM_FIELDS } from './field.ts';

export interface ObjectType {
  readonly name: string;
  readonly label: string;
  /** The first three characters of its record IDs. */
  readonly prefix: string;
  /** Available in the Tooling API only. */
  readonly tooling: boolean;
  /** The API can create and update its records. */
  readonly writable: boolean;
  /** Exists only with shared activities. */
  readonly sharedActivities: boolean;
  readonly fields: readonly FieldDefinition[];
}

export function objectType(
  name: string,
  prefix: string,
  fields: readonly FieldDefinition[],
  more: Partial<ObjectType> = {},
): ObjectType {
  return {
    name,
    label: name.replace(/([a-z])([A-Z])/g, '$1 $2'),
    prefix,
    tooling: false,
    writable: true,
    sharedActivities: false,
    fields: [...SYSTEM_FIELDS, ...fields],
    ...more,
  };
}
