// Renders records: as JSON with nested parents, and as CSV.
import type { SObjectRecord } from '../records/record-table.ts';
import type { FieldDefinition, Value } from '../schema/field.ts';
import type { ResolvedField } from './resolve-field.ts';

/** Instants end in +0000 in JSON. */
export function jsonValue(field: FieldDefinition, value: Value): Value {
  return field.type === 'datetime' && typeof value === 'string' ? value.replace('Z', '+0000') : value;
}

interface JsonRow {
  [name: string]: Value | JsonRow;
}

export function attributes(type: string, record: SObjectRecord, version: string): JsonRow {
  return { type, url: `/services/data/${version}/sobjects/${record.type}/${record.id}` };
}

/** @param version as in a path, e.g. `v66.0` */
export function jsonRow(record: SObjectRecord, columns: readonly ResolvedField[], version: string): JsonRow {
  const row: JsonRow = { attributes: attributes(record.type, record, version) };
  for (const column of columns) setCell(row, record, column, version);
  return row;
}

function setCell(row: JsonRow, record: SObjectRecord, column: ResolvedField, version: string): void {
  let target = row;
  let owner = record;
  for (const hop of column.hops) {
    const parent = hop.follow(owner);
    if (parent === null) {
      target[hop.name] = null;
      return;
    }
    const existing = target[hop.name];
    const nested =
      typeof existing === 'object' && existing !== null
        ? existing
        : { attributes: attributes(hop.displayType ?? parent.type, parent, version) };
    target[hop.name] = nested;
    target = nested;
    owner = parent;
  }
  target[column.definition.name] = jsonValue(column.definition, column.ownValue(owner));
}

/** Quotes every cell, as Bulk API 2.0 does. @param cells null is an empty cell */
export function csvLine(cells: readonly Value[], lineEnding: string): string {
  return cells.map((cell) => `"${String(cell ?? '').replaceAll('"', '""')}"`).join(',') + lineEnding;
}
