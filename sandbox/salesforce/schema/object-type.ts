// What an object (sObject) is.
import { type FieldDefinition, SYSTEM_FIELDS } from './field.ts';

export interface ObjectType {
  readonly name: string;
  readonly label: string;
  /** The first three characters of its records' ids. */
  readonly prefix: string;
  /** Belongs to the Tooling API, and is no part of the ordinary one. */
  readonly tooling: boolean;
  /** Can be made and changed by way of the API. */
  readonly writable: boolean;
  /** Exists only where shared activities are switched on. */
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
