// A row of an export -> a lead, by the mapping. A cell that is not what the mapping says makes the whole row a problem: an offline score
// is read by somebody who can mend the file.
import type { Activity, Fields, FieldValue, Lead } from '../domain/lead.ts';
import { convertValue, type ValueTable } from '../mapping/convert-value.ts';
import { compileCondition } from '../scoring/compile/conditions.ts';
import { durationMs } from '../scoring/duration.ts';
import { type ColumnSource, type CsvActivityRule, type CsvMapping, mappedColumns, sourceOf } from './csv-mapping.ts';
import { dateReader, type ReadDate } from './dates.ts';
import type { Columns } from './header.ts';
import { numberReader } from './numbers.ts';
import type { RowProblem } from './row-problem.ts';

/** No rule gives a lead more activities than this; no model counts so many. */
export const MAX_COUNT = 1000;

export interface ProjectedRow {
  readonly lead: Lead;
  /** Whether the mapping's outcome was reached; null when the cell is blank, or the mapping names none. */
  readonly outcome: boolean | null;
}
export type RowProjector = (cells: readonly string[]) => ProjectedRow | { readonly problem: RowProblem };

/**
 * @param columns the place of each column that the mapping names
 * @param asOf the instant of scoring (epoch ms), at which activities happened that nothing dates
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
      if (error instanceof BadCell) return { problem: error.problem };
      throw error;
    }
  };
}

/** Cells by column, trimmed; null = unknown. */
type Row = Readonly<Record<string, string | null>>;
type Convert = (row: Row, source: ColumnSource) => FieldValue;
type ProjectActivities = (row: Row) => readonly Activity[];

/** Thrown inside this file alone: the first bad cell ends the projection of its row. */
class BadCell extends Error {
  readonly problem: RowProblem;

  constructor(column: string, message: string, fix: string) {
    super(message);
    this.problem = { column, message, fix };
  }
}

function projectLead(mapping: CsvMapping, row: Row, convert: Convert, rules: readonly ProjectActivities[]): Lead {
  const id = row[mapping.csv.id] ?? null;
  if (id === null) throw new BadCell(mapping.csv.id, 'the row has no id.', 'Fill it in, or name another column as id.');
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
    const given = as === 'number' ? plainNumber(text) : text;
    const converted = convertValue(given, as, table === undefined ? undefined : tables[table]);
    if ('value' in converted) return converted.value;
    throw new BadCell(
      column,
      `expected ${converted.expected}.`,
      FIXES[as] ?? 'Mend the cell, or list it under unknown.',
    );
  };
}

const FIXES: Readonly<Record<string, string>> = {
  number:
    'Write it as 1200 or 49.5, without units; or name the form of the file under csv.decimal (point: 9,876.5, comma: 9.876,5); or list what stands there under unknown.',
  country: 'Write its name in English or its two-letter code; or list what stands there under unknown.',
};

function compileRule(rule: CsvActivityRule, index: number, convert: Convert, asOf: number): ProjectActivities {
  const fits = rule.when === undefined ? null : compileCondition(rule.when);
  const undated = rule.age === undefined ? asOf : asOf - durationMs(rule.age);
  const attributesOf = (row: Row): Fields => {
    const given = Object.entries(rule.attributes ?? {});
    return Object.fromEntries(given.map(([attribute, source]) => [attribute, convert(row, sourceOf(source))]));
  };
  return (row) => {
    if (fits !== null && fits(row) !== 'matched') return [];
    const count = rule.count === undefined ? 1 : countIn(row, rule.count, convert);
    const column = rule.at === undefined ? null : firstKnown(row, rule.at);
    // A date that the row lacks is not the date of today: only a stated age stands in for it.
    const at = column === null ? null : convert(row, { from: column, as: 'instant' });
    if (count === 0 || (rule.at !== undefined && at === null && rule.age === undefined)) return [];
    const attributes = attributesOf(row);
    const happened = typeof at === 'string' ? Date.parse(at) : undated;
    return Array.from({ length: count }, (_, each) => {
      return { id: `${index}:${each}`, type: rule.type, at: happened, attributes };
    });
  };
}

function countIn(row: Row, column: string, convert: Convert): number {
  const value = convert(row, { from: column, as: 'number' });
  if (value === null) return 0;
  if (typeof value !== 'number' || value < 0 || !Number.isInteger(value)) {
    throw new BadCell(
      column,
      'expected how many: a whole number from 0 on.',
      'Mend the cell, or list it under unknown.',
    );
  }
  return Math.min(value, MAX_COUNT);
}

function dateReaderOf({ csv }: CsvMapping): { read: ReadDate; forms: string } {
  const formats = [csv.date_format ?? []].flat();
  return { read: dateReader(formats, csv.timezone ?? 'UTC'), forms: [...formats, 'ISO 8601'].join(', ') };
}

function dateIn(row: Row, column: string, { read, forms }: ReturnType<typeof dateReaderOf>): number {
  const at = read(row[column] ?? '');
  if (at !== null) return at;
  throw new BadCell(column, `expected a date (${forms}).`, 'Mend the cell, or name its form under csv.date_format.');
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
