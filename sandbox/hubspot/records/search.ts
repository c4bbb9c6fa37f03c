// Searches one object type: filter groups, one sort, pages up to 10,000 results, on the lagging
// index.
import { z } from 'zod';
import { badRequest } from '../hubspot-error.ts';
import type { PropertyDefinition } from '../properties/property-definition.ts';
import type { PropertyRegistry } from '../properties/property-registry.ts';
import { instantOf } from '../properties/property-values.ts';
import type { CrmRecord, RecordTable } from './record-table.ts';

const MAX_RESULTS = 10_000;
const MAX_PAGE = 200;
const DEFAULT_PAGE = 10;
// HubSpot's documents disagree on these; the smallest figures are used. See sandbox/hubspot.md.
const MAX_GROUPS = 5;
const MAX_FILTERS_IN_GROUP = 6;
const MAX_FILTERS = 18;
const MAX_REQUEST_CHARS = 3_000;

const filterSchema = z.strictObject({
  propertyName: z.string(),
  operator: z.enum([
    'EQ',
    'NEQ',
    'LT',
    'LTE',
    'GT',
    'GTE',
    'BETWEEN',
    'IN',
    'NOT_IN',
    'HAS_PROPERTY',
    'NOT_HAS_PROPERTY',
  ]),
  value: z.string().optional(),
  highValue: z.string().optional(),
  values: z.array(z.string()).optional(),
});
type Filter = z.infer<typeof filterSchema>;

export const searchSchema = z.strictObject({
  filterGroups: z.array(z.strictObject({ filters: z.array(filterSchema) })).default([]),
  sorts: z
    .array(
      z.strictObject({ propertyName: z.string(), direction: z.enum(['ASCENDING', 'DESCENDING']).default('ASCENDING') }),
    )
    .default([]),
  limit: z.int().optional(),
  after: z.union([z.string(), z.int()]).optional(),
  properties: z.array(z.string()).default([]),
});
export type Search = z.infer<typeof searchSchema>;

export interface SearchResult {
  readonly total: number;
  readonly records: readonly CrmRecord[];
  readonly nextAfter: string | null;
}

/** @throws HubSpotError 400 if a limit is exceeded or a property does not exist */
export function search(table: RecordTable, registry: PropertyRegistry, wanted: Search, now: number): SearchResult {
  const { limit, offset } = checkLimits(wanted);
  const groups = wanted.filterGroups.map(({ filters }) => filters.map((filter) => matcherOf(registry, filter)));
  const found: CrmRecord[] = [];
  for (const record of table.indexed(now)) {
    if (groups.length === 0 || groups.some((group) => group.every((matches) => matches(record)))) found.push(record);
  }
  const sorted = inOrder(found, registry, wanted, table.kind.createdProperty);
  const next = offset + limit;
  return {
    total: sorted.length,
    records: sorted.slice(offset, next).map(({ record }) => record),
    nextAfter: next < sorted.length ? String(next) : null,
  };
}

function checkLimits(wanted: Search): { limit: number; offset: number } {
  const filters = wanted.filterGroups.map((group) => group.filters.length);
  const total = filters.reduce((sum, count) => sum + count, 0);
  if (filters.length > MAX_GROUPS) throw badRequest(`The number of filterGroups must not exceed ${MAX_GROUPS}.`);
  if (filters.some((count) => count > MAX_FILTERS_IN_GROUP)) {
    throw badRequest(`The number of filters in a group must not exceed ${MAX_FILTERS_IN_GROUP}.`);
  }
  if (total > MAX_FILTERS) throw badRequest(`The number of filters must not exceed ${MAX_FILTERS}.`);
  if (filters.some((count) => count === 0)) throw badRequest('A filterGroup must have at least one filter.');
  if (wanted.sorts.length > 1) throw badRequest('Only one sort is supported.');
  if (JSON.stringify(wanted).length > MAX_REQUEST_CHARS) {
    throw badRequest(`The search request must not exceed ${MAX_REQUEST_CHARS} characters.`);
  }
  const limit = wanted.limit ?? DEFAULT_PAGE;
  if (limit < 1 || limit > MAX_PAGE) throw badRequest(`Invalid limit ${limit}: must be between 1 and ${MAX_PAGE}.`);
  const offset = Number(wanted.after ?? 0);
  if (!Number.isInteger(offset) || offset < 0) throw badRequest('Invalid after: must be a whole number.');
  if (offset + limit > MAX_RESULTS) {
    throw badRequest(`Paging through results beyond ${MAX_RESULTS} is not supported.`);
  }
  return { limit, offset };
}

type Key = string | number;

/** A value in the type by which its property is compared. */
function keyOf(property: PropertyDefinition, value: string): Key | null {
  if (property.type === 'number') return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : null;
  if (property.type === 'datetime' || property.type === 'date') return instantOf(value);
  return value.toLowerCase();
}

// Stored instants are ISO text in one format: comparing text is much faster than parsing thousands
// of dates.
function storedKeyOf(property: PropertyDefinition): (value: string) => Key | null {
  if (property.type === 'datetime') return (value) => value;
  return (value) => keyOf(property, value);
}

function wantedKey(property: PropertyDefinition, value: string | undefined): Key {
  if (value === undefined || value === '') throw badRequest(`A filter on ${property.name} lacks its value.`);
  const key = keyOf(property, value);
  if (key === null) throw badRequest(`${value} is not a valid value to compare ${property.name} with.`);
  return property.type === 'datetime' && typeof key === 'number' ? new Date(key).toISOString() : key;
}

function wantedKeys(property: PropertyDefinition, values: readonly string[] | undefined): ReadonlySet<Key> {
  if (!values || values.length === 0) throw badRequest(`A filter on ${property.name} lacks its values.`);
  // For text, HubSpot's IN finds lower-case values only.
  if (property.type === 'string' && values.some((value) => value !== value.toLowerCase())) {
    throw badRequest(`The values of a filter on ${property.name} must be lowercase.`);
  }
  return new Set(values.map((value) => wantedKey(property, value)));
}

const MATCHERS: Readonly<
  Record<Filter['operator'], (property: PropertyDefinition, filter: Filter) => (key: Key | null) => boolean>
> = {
  EQ: (property, { value }) => {
    const wanted = wantedKey(property, value);
    return (key) => key === wanted;
  },
  NEQ: (property, { value }) => {
    const wanted = wantedKey(property, value);
    return (key) => key !== null && key !== wanted;
  },
  LT: (property, { value }) => ordered(wantedKey(property, value), (order) => order < 0),
  LTE: (property, { value }) => ordered(wantedKey(property, value), (order) => order <= 0),
  GT: (property, { value }) => ordered(wantedKey(property, value), (order) => order > 0),
  GTE: (property, { value }) => ordered(wantedKey(property, value), (order) => order >= 0),
  BETWEEN: (property, { value, highValue }) => {
    const low = ordered(wantedKey(property, value), (order) => order >= 0);
    const high = ordered(wantedKey(property, highValue), (order) => order <= 0);
    return (key) => low(key) && high(key);
  },
  IN: (property, { values }) => {
    const wanted = wantedKeys(property, values);
    return (key) => key !== null && wanted.has(key);
  },
  NOT_IN: (property, { values }) => {
    const wanted = wantedKeys(property, values);
    return (key) => key !== null && !wanted.has(key);
  },
  HAS_PROPERTY: () => (key) => key !== null,
  NOT_HAS_PROPERTY: () => (key) => key === null,
};

function matcherOf(registry: PropertyRegistry, filter: Filter): (record: CrmRecord) => boolean {
  const property = registry.get(filter.propertyName);
  if (!property) throw badRequest(`Property "${filter.propertyName}" does not exist.`);
  const stored = storedKeyOf(property);
  const matches = MATCHERS[filter.operator](property, filter);
  return (record) => {
    const value = record.properties.get(property.name);
    return matches(value === undefined ? null : stored(value));
  };
}

function ordered(wanted: Key, accepts: (order: number) => boolean): (key: Key | null) => boolean {
  return (key) => key !== null && accepts(compareKeys(key, wanted));
}

function compareKeys(a: Key, b: Key): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Sorts by the one sort property. Keys are computed once per record and not once per comparison,
 * which would be slow.
 */
function inOrder(
  found: readonly CrmRecord[],
  registry: PropertyRegistry,
  { sorts }: Search,
  createdProperty: string,
): readonly { readonly record: CrmRecord }[] {
  const name = sorts[0]?.propertyName ?? createdProperty;
  const property = registry.get(name);
  if (!property) throw badRequest(`Property "${name}" does not exist.`);
  const stored = storedKeyOf(property);
  const sign = sorts[0]?.direction === 'DESCENDING' ? -1 : 1;
  const keyed = found.map((record) => {
    const value = record.properties.get(name);
    return { record, key: (value === undefined ? null : stored(value)) ?? '', tie: scrambledOrder(record.id) };
  });
  return keyed.sort((a, b) => sign * compareKeys(a.key, b.key) || a.tie - b.tie);
}

// Records with equal keys come in an arbitrary order, so that no client relies on it.
function scrambledOrder(id: string): number {
  return Math.imul(Number(id) % 0x7fffffff, 0x9e3779b1) >>> 0;
}
