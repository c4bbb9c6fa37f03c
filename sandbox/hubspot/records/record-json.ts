// A record as HubSpot writes it in its answers: every value is text, and one that is not set is null.
import type { PropertyRegistry } from '../properties/property-registry.ts';
import type { CrmRecord, RecordTable } from './record-table.ts';

/**
 * @param requested property names; one that the registry does not know is left out, without an error
 */
export function recordJson(
  table: RecordTable,
  registry: PropertyRegistry,
  record: CrmRecord,
  requested: readonly string[],
): Record<string, unknown> {
  const { kind } = table;
  const names = requested.length > 0 ? requested : kind.defaultProperties;
  const properties: Record<string, string | null> = {};
  for (const name of [...names, kind.createdProperty, kind.modifiedProperty, 'hs_object_id'].toSorted()) {
    if (registry.get(name)) properties[name] = record.properties.get(name) ?? null;
  }
  return { ...recordFrame(record), properties };
}

/** Everything of a record but its properties. */
export function recordFrame(record: CrmRecord): Record<string, unknown> {
  return {
    id: record.id,
    properties: {},
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.modifiedAt).toISOString(),
    archived: record.archivedAt !== null,
    ...(record.archivedAt === null ? {} : { archivedAt: new Date(record.archivedAt).toISOString() }),
  };
}
