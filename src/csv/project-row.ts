// Turns a row of an export into a lead. One invalid cell makes the row a problem: the person who
// runs an offline score can fix the file.
import type { Activity, Fields, FieldValue, Lead } from '../domain/lead.ts';
import { convertValue, type ValueTable } from '../mapping/convert-value.ts';
import { compileCondition } from '../scoring/compile/conditions.ts';
import { durationMs } from '../scoring/duration.ts';
import { type ColumnSource, type CsvActivityRule, type CsvMapping, mappedColumns, sourceOf } from './csv-mapping.ts';
import { dateReader, type ReadDate } from './dates.ts';
import type { Columns } from './header.ts';
import { numberReader } from './numbers.ts';
import type { RowProblem } from './row-problem.ts';

/** The maximum number of activities that a rule creates per row; no model counts that many. */
export const MAX_COUNT = 1000;

export interface ProjectedRow {
  readonly lead: Lead;
  /** Whether the outcome was reached; null if the cell is blank or the mapping has no outcome. */
  readonly outcome: boolean | null;
}
export type RowProjector = (cells: readonly string[]) => ProjectedRow | { readonly problem: RowProblem };

/**
 * @param columns the index of each column of the mapping
 * @param asOf the instant of scoring (epoch ms); also the date of activities without a date column
 *   or
 *   age
 */
export function createRowProjector(mapping: CsvMapping, columns: Columns, asOf: number): RowProjector {
  const names = mappedColumns(mapping);
  const unknown = new Set(['', ...(mapping.csv.unknown ?? []).map(plain)]);
  const known = (text: string) => (unknown.has(plain(text)) ? null : text.trim());
  const convert = createConverter(mapping);
  const rules = (mapping.activities ?? []).map((rule, index) => compileRule(rule, index, convert, asOf));
  const outcomeOf = outcomeReader(mapping.outcome);
  return (cells) => {
    const row: Row = Object.fromEntries(names.map((name) => [name, known(cells[columns.get(name) ?? -1] ?? '')]));
    try {
      const lead = projectLead(mapping, row, convert, rules);
      return { lead, outcome: outcomeOf(row) };
    } catch (error) {
      if (error instanceof InvalidCell) return { problem: error.problem };
      throw error;
    }
  };
}

/** Cells by column, trimmed; null = unknown. */
type Row = Readonly<Record<string, string | null>>;
type Convert = (row: Row, source: ColumnSource) => FieldValue;
type ProjectActivities = (row: Row) => readonly Activity[];

/** Thrown and caught in this file only: the first invalid cell ends the projection of its row. */
class InvalidCell extends Error {
  readonly problem: RowProblem;

  constructor(column: string, message: string, fix: string) {
    super(message);
    this.problem = { column, message, fix };
  }
}

function projectLead(mapping: CsvMapping, row: Row, convert: Convert, rules: readonly ProjectActivities[]): Lead {
  const id = row[mapping.csv.id] ?? null;
  if (id === null) {
    throw new InvalidCell(mapping.csv.id, 'the row has no id.', 'Fill it in, or use another column as id.');
  }
  const fields: Record<string, FieldValue> = {};
  for (const [field, source] of Object.entries(mapping.fields)) fields[field] = convert(row, source);
  const activities = rules.flatMap((rule) => rule(row));
  return { id, fields, activities, unobserved: mapping.unobserved ?? [] };
}

function createConverter(mapping: CsvMapping): Convert {
  const tables: Readonly<Record<string, ValueTable>> = mapping.tables ?? {};
  const readDate = dateReaderOf(mapping);
  const plainNumber = numberReader(mapping.csv.decimal);
  return (row, { from, as = 'text', table }) => {
    const column = firstKnown(row, from);
    const text = column === null ? null : (row[column] ?? null);
    if (column === null || text === null) return null;
    if (as === 'instant') return new Date(dateIn(row, column, readDate)).toISOString();
    const raw = as === 'number' ? plainNumber(text) : text;
    const converted = convertValue(raw, as, table === undefined ? undefined : tables[table]);
    if ('value' in converted) return converted.value;
    throw new InvalidCell(column, `expected ${converted.expected}.`, FIXES[as] ?? FIX);
  };
}

const FIX = 'Correct the cell, or add its text to csv.unknown.';
const FIXES: Readonly<Record<string, string>> = {
  number:
    'Write it as 1200 or 49.5, without units; or set csv.decimal (point: 9,876.5, comma: 9.876,5); or add the text to csv.unknown.',
  country:
    'Write its name in English, German, French or Spanish, or its two-letter code; or add the text to csv.unknown.',
};

function compileRule(rule: CsvActivityRule, index: number, convert: Convert, asOf: number): ProjectActivities {
  const when = rule.when === undefined ? null : compileCondition(rule.when);
  const defaultDate = rule.age === undefined ? asOf : asOf - durationMs(rule.age);
  const attributesOf = (row: Row): Fields => {
    const sources = Object.entries(rule.attributes ?? {});
    return Object.fromEntries(sources.map(([attribute, source]) => [attribute, convert(row, sourceOf(source))]));
  };
  return (row) => {
    if (when !== null && when(row) !== 'matched') return [];
    const count = rule.count === undefined ? 1 : countIn(row, rule.count, convert);
    const column = rule.at === undefined ? null : firstKnown(row, rule.at);
    // A missing date is not replaced by today's date, only by a declared age.
    const date = column === null ? null : convert(row, { from: column, as: 'instant' });
    if (count === 0 || (rule.at !== undefined && date === null && rule.age === undefined)) return [];
    const attributes = attributesOf(row);
    const at = typeof date === 'string' ? Date.parse(date) : defaultDate;
    return Array.from({ length: count }, (_, number) => {
      return { id: `${index}:${number}`, type: rule.type, at, attributes };
    });
  };
}

function countIn(row: Row, column: string, convert: Convert): number {
  const value = convert(row, { from: column, as: 'number' });
  if (value === null) return 0;
  if (typeof value !== 'number' || value < 0 || !Number.isInteger(value)) {
    throw new InvalidCell(column, 'expected a count: a whole number, 0 or more.', FIX);
  }
  return Math.min(value, MAX_COUNT);
}

function dateReaderOf({ csv }: CsvMapping): { read: ReadDate; formats: string } {
  const formats = [csv.date_format ?? []].flat();
  return { read: dateReader(formats, csv.timezone ?? 'UTC'), formats: [...formats, 'ISO 8601'].join(', ') };
}

function dateIn(row: Row, column: string, { read, formats }: ReturnType<typeof dateReaderOf>): number {
  const at = read(row[column] ?? '');
  if (at !== null) return at;
  const fix = 'Correct the cell, or add its format to csv.date_format.';
  throw new InvalidCell(column, `expected a date (${formats}).`, fix);
}

function firstKnown(row: Row, columns: string | readonly string[]): string | null {
  return [columns].flat().find((column) => (row[column] ?? null) !== null) ?? null;
}

function outcomeReader(outcome: CsvMapping['outcome']): (row: Row) => boolean | null {
  if (outcome === undefined) return () => null;
  const wanted = new Set([outcome.is].flat().map(plain));
  return (row) => {
    const text = row[outcome.column] ?? null;
    return text === null ? null : wanted.has(plain(text));
  };
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}
