// Reads the rows of leadforge's CSV files.
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';

export type Row = Readonly<Record<string, string>>;

/**
 * All rows of a file, or those dated up to the day of `now`.
 * @throws if the file or one of its columns is missing
 */
export function readRows(file: string, dateColumn: string, now: Date | undefined): Row[] {
  const rows = parse<Row>(readFileSync(file), { columns: true, bom: true, skip_empty_lines: true });
  if (rows[0] && rows[0][dateColumn] === undefined) {
    throw new Error(`${file}: column "${dateColumn}" is missing. The folder must hold the CSV files of leadforge.`);
  }
  if (now === undefined) return rows;
  const today = now.toISOString().slice(0, 10);
  return rows.filter((row) => cell(row, dateColumn) <= today);
}

/** The value of a cell. @throws if the file has no such column */
export function cell(row: Row, column: string): string {
  const value = row[column];
  if (value === undefined) throw new Error(`column "${column}" is missing in a leadforge file`);
  return value;
}

/** `2024-01-10` -> midnight UTC in epoch ms. */
export function dayOf(text: string): number {
  const at = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(at)) throw new Error(`"${text}" in a leadforge file is not a valid date (YYYY-MM-DD)`);
  return at;
}
