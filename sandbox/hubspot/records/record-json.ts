// A record in HubSpot's JSON: every value is text, and an unset value is null.
import type { PropertyRegistry } from '../properties/property-registry.ts';
import { userIdOf } from './change-source.ts';
import type { Version } from './property-history.ts';
import type { CrmRecord, RecordTable } from './record-table.ts';

/** @param requested property names; unknown names are left out without an error */
export function recordJson(
  table: RecordTable,
  registry: PropertyRegistry,
  record: CrmRecord,
  requested: readonly string[],
  withHistory: readonly string[] = [],
): Record<string, unknown> {
  const { kind } = table;
  const names = requested.length > 0 ? requested : kind.defaultProperties;
  const properties: Record<string, string | null> = {};
  for (const name of [...names, kind.createdProperty, kind.modifiedProperty, 'hs_object_id'].toSorted()) {
    if (registry.get(name)) properties[name] = record.properties.get(name) ?? null;
  }
  const shown = { ...recordMetadata(record), properties };
  if (withHistory.length === 0) return shown;
  const histories = withHistory.flatMap((name) => {
    const versions = registry.get(name) === undefined ? [] : table.history.versions(record, name);
    return versions.length === 0 ? [] : [[name, versions.map(versionJson)] as const];
  });
  return { ...shown, propertiesWithHistory: Object.fromEntries(histories) };
}

/** Recorded versions name the user only where a user made the change. */
function versionJson({ value, at, by }: Version): Record<string, unknown> {
  const user = userIdOf(by);
  return {
    value,
    timestamp: new Date(at).toISOString(),
    sourceType: by.source,
    sourceId: by.sourceId,
    ...(user === null ? {} : { updatedByUserId: user }),
  };
}

/** A record without its properties. */
export function recordMetadata(record: CrmRecord): Record<string, unknown> {
  return {
    id: record.id,
    properties: {},
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.modifiedAt).toISOString(),
    archived: record.archivedAt !== null,
    ...(record.archivedAt === null ? {} : { archivedAt: new Date(record.archivedAt).toISOString() }),
  };
}
