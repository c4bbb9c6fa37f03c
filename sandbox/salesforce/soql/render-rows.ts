// Records as answers tell them: as JSON with nested parents, and as CSV.
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

/** @param version as in a path, `v66.0` */
export function jsonRow(record: SObjectRecord, columns: readonly ResolvedField[], version: string): JsonRow {
  const row: JsonRow = { attributes: attributes(record.type, record, version) };
  for (const column of columns) place(row, record, column, version);
  return row;
}

function place(row: JsonRow, record: SObjectRecord, column: ResolvedField, version: string): void {
  let at = row;
  let holder = record;
  for (const hop of column.hops) {
    const parent = hop.follow(holder);
    if (parent === null) {
      at[hop.name] = null;
      return;
    }
    const held = at[hop.name];
    const shown =
      typeof held === 'object' && held !== null
        ? held
        : { attributes: attributes(hop.shownAs ?? parent.type, parent, version) };
    at[hop.name] = shown;
    at = shown;
    holder = parent;
  }
  at[column.definition.name] = jsonValue(column.definition, column.ownValue(holder));
}

/** Every cell in quotes, as Bulk API 2.0 writes them. @param cells null is an empty cell */
export function csvLine(cells: readonly Value[], lineEnding: string): string {
  return cells.map((cell) => `"${String(cell ?? '').replaceAll('"', '""')}"`).join(',') + lineEnding;
}
