// Runs a query: from its text to the matching records.
import type { Org } from '../org/org.ts';
import { isDeleted, type SObjectRecord } from '../records/record-table.ts';
import { badRequest } from '../salesforce-error.ts';
import { isLongText, type Value } from '../schema/field.ts';
import type { ObjectType } from '../schema/object-type.ts';
import { comparable, compileWhere, type Predicate } from './compile-where.ts';
import { literalValue } from './literals.ts';
import { type OrderKey, type ParsedQuery, parseSoql, shapeQuery } from './parse-soql.ts';
import { type ResolvedField, resolveField } from './resolve-field.ts';
import { queryError, unknownObject } from './soql-error.ts';
import type { SemiJoin, WhereTree } from './where-tree.ts';

const PAGE_ROWS = 2_000;
// "This can be smaller if you have selected several fields or long text areas",
// https://help.salesforce.com/s/articleView?id=000386264
const PAGE_ROWS_WITH_LONG_TEXTS = 500;
const MAX_SEMI_JOINS = 2;

export interface QueryScope {
  /** Includes deleted and archived records. */
  readonly all: boolean;
  readonly tooling: boolean;
}

export interface QueryResult {
  readonly object: ObjectType;
  /** Null for COUNT(). */
  readonly columns: readonly ResolvedField[] | null;
  readonly records: readonly SObjectRecord[];
  /** How many records match, before LIMIT and OFFSET. */
  readonly matched: number;
  /** Maximum rows per page. */
  readonly pageRows: number;
  readonly parsed: ParsedQuery;
}

/** @throws SalesforceError with Salesforce's error for an invalid query */
export function runQuery(org: Org, soql: string, scope: QueryScope): QueryResult {
  return evaluate(org, parseSoql(soql), scope, 'alone');
}

function evaluate(org: Org, parsed: ParsedQuery, scope: QueryScope, role: 'alone' | 'semi-join'): QueryResult {
  const object = org.schema.visibleObject(parsed.object);
  if (!object || object.prefix === '' || object.tooling !== scope.tooling)
    throw unknownObject(parsed.soql, parsed.object);
  const columns = parsed.select?.map((path) => resolveField(org, parsed.soql, object, path)) ?? null;
  const matches = filter(org, parsed, object, scope, role);
  const found: SObjectRecord[] = [];
  for (const record of candidates(org, parsed, object)) if (matches(record)) found.push(record);
  const sorted = sort(org, parsed, object, found);
  const from = parsed.offset ?? 0;
  // With OFFSET, Salesforce returns one page only.
  const maxRecords = Math.min(
    parsed.limit ?? Number.POSITIVE_INFINITY,
    parsed.offset === null ? Number.POSITIVE_INFINITY : PAGE_ROWS,
  );
  const long = columns?.some(({ definition }) => isLongText(definition)) ?? false;
  return {
    object,
    columns,
    records: from === 0 && maxRecords >= sorted.length ? sorted : sorted.slice(from, from + maxRecords),
    matched: found.length,
    pageRows: long ? PAGE_ROWS_WITH_LONG_TEXTS : PAGE_ROWS,
    parsed,
  };
}

function filter(
  org: Org,
  { soql, where }: ParsedQuery,
  object: ObjectType,
  scope: QueryScope,
  role: 'alone' | 'semi-join',
): Predicate {
  let joins = 0;
  const semiJoin = (join: SemiJoin): ReadonlySet<Value> => {
    joins += 1;
    if (joins > MAX_SEMI_JOINS) throw badRequest('MALFORMED_QUERY', 'Maximum 2 semi join sub-selects are allowed');
    if (role === 'semi-join') throw badRequest('MALFORMED_QUERY', 'Nesting of semi join sub-selects is not supported');
    return idsOf(org, soql, join, object);
  };
  const conditions = where === null ? null : compileWhere({ org, soql, object, semiJoin }, where);
  return (record) => {
    if (!scope.all && (isDeleted(record) || org.isArchived(record))) return false;
    return conditions === null || conditions(record);
  };
}

function idsOf(org: Org, soql: string, join: SemiJoin, outer: ObjectType): ReadonlySet<Value> {
  const parsed = shapeQuery(soql, join.query);
  if (parsed.limit !== null || parsed.offset !== null || parsed.orderBy.length > 0) {
    throw badRequest('MALFORMED_QUERY', 'Semi join sub-selects take neither ORDER BY nor LIMIT');
  }
  const { object, columns, records } = evaluate(org, parsed, { all: false, tooling: false }, 'semi-join');
  const [column, ...more] = columns ?? [];
  const type = column?.definition.type;
  if (!column || more.length > 0 || (type !== 'id' && type !== 'reference')) {
    throw badRequest('MALFORMED_QUERY', 'Semi join sub-selects can only select one field of type ID or reference');
  }
  if (object.name === outer.name) {
    throw badRequest('MALFORMED_QUERY', 'The inner and outer selects should not be on the same object type');
  }
  return new Set(records.map((record) => column.get(record)).filter((id) => id !== null));
}

/** The records to check: only those with the IDs that the query names, if it does. */
function candidates(org: Org, { where }: ParsedQuery, object: ObjectType): Iterable<SObjectRecord> {
  const table = org.table(object.name);
  const ids = where === null ? null : wantedIds(org, object, where);
  // In ID order, like the table.
  return ids === null ? table.all() : [...ids].toSorted().flatMap((id) => table.get(id) ?? []);
}

function wantedIds(org: Org, object: ObjectType, where: WhereTree): ReadonlySet<string> | null {
  const parts = where.kind === 'and' ? where.parts : [where];
  for (const part of parts) {
    if (part.kind !== 'comparison' || part.field.toLowerCase() !== 'id') continue;
    if (part.operator !== 'IN' && part.operator !== '=') continue;
    const definition = org.schema.field(object, 'Id');
    const values = definition ? part.values.map((literal) => literalValue(definition, literal)) : [];
    return new Set(values.filter((value) => typeof value === 'string'));
  }
  return null;
}

function sort(org: Org, { soql, orderBy }: ParsedQuery, object: ObjectType, found: SObjectRecord[]): SObjectRecord[] {
  if (orderBy.length === 0) return found;
  const orders = orderBy.map((key) => orderOf(org, soql, object, key));
  return found.sort((a, b) => {
    for (const order of orders) {
      const sign = order(a, b);
      if (sign !== 0) return sign;
    }
    return 0;
  });
}

/** Empty values come first in both directions unless the query says NULLS LAST. */
function orderOf(
  org: Org,
  soql: string,
  object: ObjectType,
  key: OrderKey,
): (a: SObjectRecord, b: SObjectRecord) => number {
  const field = resolveField(org, soql, object, key.field);
  if (isLongText(field.definition)) {
    const message = `field '${field.definition.name}' can not be sorted in a query call`;
    throw queryError(soql, 'MALFORMED_QUERY', key.field, message);
  }
  const get = comparable(field);
  const ofNull = key.nullsLast ? 1 : -1;
  const up = key.descending ? -1 : 1;
  return (a, b) => {
    const left = get(a);
    const right = get(b);
    if (left === right) return 0;
    if (left === null) return ofNull;
    if (right === null) return -ofNull;
    return left < right ? -up : up;
  };
}
