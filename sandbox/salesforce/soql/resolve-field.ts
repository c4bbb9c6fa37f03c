// Resolves the fields and relationship paths of a query to values of records.
import type { Org } from '../org/org.ts';
import { isDeleted, reference, type SObjectRecord } from '../records/record-table.ts';
import type { FieldDefinition, Value } from '../schema/field.ts';
import type { ObjectType } from '../schema/object-type.ts';
import { notSupported, unknownField, unknownRelationship } from './soql-error.ts';

// https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_relationships_query_limits.htm
const MAX_LEVELS = 5;

/** One step from a record to a parent. */
interface Hop {
  readonly name: string;
  /** The parent's type in responses: `Name` for a polymorphic reference; null = its own type. */
  readonly displayType: string | null;
  follow(record: SObjectRecord): SObjectRecord | null;
}

export interface ResolvedField {
  /** In Salesforce's spelling: `Account.Name`. */
  readonly path: string;
  readonly hops: readonly Hop[];
  readonly definition: FieldDefinition;
  /** The field of the record after the last hop. */
  ownValue(record: SObjectRecord): Value;
  /** The field, following all hops; null if a parent does not exist. */
  get(record: SObjectRecord): Value;
}

/** @throws SalesforceError INVALID_FIELD */
export function resolveField(org: Org, soql: string, object: ObjectType, path: string): ResolvedField {
  const names = path.split('.');
  const last = names.pop() ?? '';
  if (names.length > MAX_LEVELS) throw notSupported('more than five levels of parents');
  const hops: Hop[] = [];
  let at = object;
  for (const name of names) {
    const { hop, target } = hopOf(org, at, name) ?? {};
    if (!hop || !target) throw unknownRelationship(soql, path, name);
    hops.push(hop);
    at = target;
  }
  const definition = org.schema.field(at, last);
  if (!definition) throw unknownField(soql, path, last, at.name);
  const ownValue = readerOf(org, at, definition);
  return {
    path: [...hops.map(({ name }) => name), definition.name].join('.'),
    hops,
    definition,
    ownValue,
    get: hops.length === 0 ? ownValue : through(hops, ownValue),
  };
}

function readerOf(org: Org, object: ObjectType, definition: FieldDefinition): (record: SObjectRecord) => Value {
  if (object.name === 'Name' && definition.name === 'Type') return ({ type }) => type;
  return (record) => org.value(record, definition);
}

function through(hops: readonly Hop[], get: (record: SObjectRecord) => Value): (record: SObjectRecord) => Value {
  return (record) => {
    let at: SObjectRecord | null = record;
    for (const hop of hops) {
      at = hop.follow(at);
      if (at === null) return null;
    }
    return get(at);
  };
}

function hopOf(org: Org, object: ObjectType, name: string): { hop: Hop; target: ObjectType } | null {
  const field = org.schema
    .fields(object)
    .find(({ relationshipName }) => relationshipName?.toLowerCase() === name.toLowerCase());
  const [only, ...more] = field?.referenceTo ?? [];
  const target = org.schema.visibleObject(more.length > 0 ? 'Name' : (only ?? ''));
  if (!field || !target) return null;
  const follow = (record: SObjectRecord): SObjectRecord | null => {
    const id = reference(record, field.name);
    const found = id === null ? undefined : org.find(id);
    return found && !isDeleted(found) ? found : null;
  };
  const displayType = more.length > 0 ? 'Name' : null;
  return { hop: { name: field.relationshipName ?? name, displayType, follow }, target };
}
