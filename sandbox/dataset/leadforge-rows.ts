// Reads the rows of leadforge's CSV files.
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';

export type Row = Readonly<Record<string, string>>;

const DAY_MS = 86_400_000;

export interface ReadOptions {
  /** Rows dated after its day are left out; absent: all rows are read. */
  readonly now?: Date | undefined;
  /** All dates move by so many days (default: 0), before `now` is applied. */
  readonly shiftDays?: number;
}

/**
 * The rows of a file, each with one dated column (YYYY-MM-DD).
 * @throws if the file or its dated column is missing, or a date that has to move is not valid
 */
export function readRows(file: string, dateColumn: string, { now, shiftDays = 0 }: ReadOptions): Row[] {
  const rows = parse<Row>(readFileSync(file), { columns: true, bom: true, skip_empty_lines: true });
  if (rows[0] && rows[0][dateColumn] === undefined) {
    throw new Error(`${file}: column "${dateColumn}" is missing. The folder must hold the CSV files of leadforge.`);
  }
  const moved =
    shiftDays === 0 ? rows : rows.map((row) => ({ ...row, [dateColumn]: moveDay(cell(row, dateColumn), shiftDays) }));
  if (now === undefined) return moved;
  const today = dayText(now.getTime());
  return moved.filter((row) => cell(row, dateColumn) <= today);
}

/** By how many days the rows have to move so that the last of them is dated the day before `now`. */
export function daysToYesterday(rows: readonly Row[], dateColumn: string, now: Date): number {
  const last = rows
    .map((row) => cell(row, dateColumn))
    .toSorted()
    .at(-1);
  return last === undefined ? 0 : Math.round((dayOf(dayText(now.getTime())) - dayOf(last)) / DAY_MS) - 1;
}

function moveDay(text: string, days: number): string {
  return dayText(dayOf(text) + days * DAY_MS);
}

function dayText(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
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
