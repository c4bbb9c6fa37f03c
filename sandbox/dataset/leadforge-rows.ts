// The rows of leadforge's CSV files.
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';

export type Row = Readonly<Record<string, string>>;

/** All rows of a file, or those dated up to the day of `now`. @throws when the file is missing or has another form */
export function readRows(file: string, dateColumn: string, now: Date | undefined): Row[] {
  const rows = parse<Row>(readFileSync(file), { columns: true, bom: true, skip_empty_lines: true });
  if (rows[0] && rows[0][dateColumn] === undefined) {
    throw new Error(`${file} lacks the column "${dateColumn}"; is the folder of the leadforge form?`);
  }
  if (now === undefined) return rows;
  const today = now.toISOString().slice(0, 10);
  return rows.filter((row) => cell(row, dateColumn) <= today);
}

/** A cell; "" where the row has none. @throws when the file has no such column */
export function cell(row: Row, column: string): string {
  const value = row[column];
  if (value === undefined) throw new Error(`a leadforge file lacks the column "${column}"`);
  return value;
}

/** Midnight UTC of `2024-01-10`. */
export function dayOf(text: string): number {
  const at = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(at)) throw new Error(`"${text}" in a leadforge file is not a day`);
  return at;
}
