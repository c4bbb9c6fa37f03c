// Turns a row of an export into a lead. An invalid number or date makes the row a problem: the person
// who runs an offline score can fix the file.
import type { Activity, Fields, FieldValue, Lead } from '../../domain/lead.ts';
import { SHORTENED } from '../../mapping/values/date-problem.ts';
import { compileCondition } from '../../scoring/compile/conditions.ts';
import { durationMs } from '../../scoring/time/duration.ts';
import type { CsvActivityRule, CsvAttribute, CsvMapping } from '../csv-mapping.ts';
import type { Columns } from '../header.ts';
import { cellSubject, type RowProblem } from '../row-problem.ts';
import { CellNotes } from './cell-notes.ts';
import { type CellConverter, createCellConverter, firstKnown, InvalidCell } from './convert-cells.ts';
import { cellReader, type Row } from './read-cells.ts';

/** The maximum number of activities that a rule creates per row; no model counts that many. */
export const MAX_COUNT = 1000;

export interface ProjectedRow {
  readonly lead: Lead;
  /** Whether the outcome was reached; null if the cell is blank or the mapping has no outcome. */
  readonly outcome: boolean | null;
}
/** A row that is not scored; `id` is null if it has none. */
export interface RefusedRow {
  readonly problem: RowProblem;
  readonly id: string | null;
}
export type RowProjector = (cells: readonly string[]) => ProjectedRow | RefusedRow;

/**
 * @param columns the index of each column of the mapping
 * @param asOf the instant of scoring (epoch ms); also the date of activities without a date column
 *   or age
 * @param notes counts the cells that were read as unknown
 */
export function createRowProjector(
  mapping: CsvMapping,
  columns: Columns,
  asOf: number,
  notes: CellNotes = new CellNotes(),
): RowProjector {
  const readCells = cellReader(mapping, columns, notes);
  const convert = createCellConverter(mapping, notes);
  const rules = (mapping.activities ?? []).map((rule, index) => compileRule({ rule, index, convert, asOf, notes }));
  const outcomeOf = outcomeReader(mapping.outcome);
  return (cells) => {
    const row = readCells(cells);
    const id = withoutApostrophe(row[mapping.csv.id] ?? null);
    try {
      const lead = projectLead(mapping, id, row, convert, rules);
      return { lead, outcome: outcomeOf(row) };
    } catch (error) {
      if (error instanceof InvalidCell) return { problem: error.problem, id };
      throw error;
    }
  };
}

type ProjectActivities = (row: Row) => readonly Activity[];

function projectLead(
  mapping: CsvMapping,
  id: string | null,
  row: Row,
  convert: CellConverter,
  rules: readonly ProjectActivities[],
): Lead {
  const column = mapping.csv.id;
  if (id === null) throw new InvalidCell(column, 'the row has no id.', 'Fill it in, or use another column as id.');
  if (SHORTENED.test(id)) {
    const message = `${cellSubject(id)} is an id that a spreadsheet has shortened.`;
    throw new InvalidCell(
      column,
      message,
      'Format the column as text before you save the file as CSV, or export it again.',
    );
  }
  const fields: Record<string, FieldValue> = {};
  for (const [field, source] of Object.entries(mapping.fields)) {
    fields[field] = 'value' in source ? source.value : convert.value(row, source);
  }
  const activities = rules.flatMap((rule) => rule(row));
  return { id, fields, activities, unobserved: mapping.unobserved ?? [] };
}

/** Excel's mark for "this is text". */
function withoutApostrophe(id: string | null): string | null {
  return id !== null && /^'[\w+=-]/.test(id) ? id.slice(1) : id;
}

interface RuleContext {
  readonly rule: CsvActivityRule;
  readonly index: number;
  readonly convert: CellConverter;
  readonly asOf: number;
  readonly notes: CellNotes;
}

function compileRule({ rule, index, convert, asOf, notes }: RuleContext): ProjectActivities {
  const when = rule.when === undefined ? null : compileCondition(rule.when);
  const defaultDate = rule.age === undefined ? asOf : asOf - durationMs(rule.age);
  const attributes = Object.entries(rule.attributes ?? {});
  const attributesOf = (row: Row): Fields =>
    Object.fromEntries(attributes.map(([attribute, source]) => [attribute, attributeValue(row, source, convert)]));
  const dateIn = (row: Row, column: string): number | null => {
    const at = convert.activityDate(row, column);
    if (at !== null && at > asOf) notes.add('future-date', column, row[column] ?? '');
    return at;
  };
  return (row) => {
    if (when !== null && when(row) !== 'matched') return [];
    const count = rule.count === undefined ? 1 : countIn(row, rule.count, convert);
    const column = rule.at === undefined ? null : firstKnown(row, rule.at);
    // A missing date is not replaced by today's date, only by a declared age.
    const date = column === null ? null : dateIn(row, column);
    if (count === 0 || (rule.at !== undefined && date === null && rule.age === undefined)) return [];
    const values = attributesOf(row);
    const at = date ?? defaultDate;
    return Array.from({ length: count }, (_, number) => {
      return { id: `${index}:${number}`, type: rule.type, at, attributes: values };
    });
  };
}

function attributeValue(row: Row, source: CsvAttribute, convert: CellConverter): FieldValue {
  if (typeof source === 'string') return convert.value(row, { from: source });
  return 'from' in source ? convert.value(row, source) : source.value;
}

function countIn(row: Row, column: string, convert: CellConverter): number {
  const value = convert.value(row, { from: column, as: 'number' });
  if (value === null) return 0;
  if (typeof value !== 'number' || value < 0 || !Number.isInteger(value)) {
    const message = `${cellSubject(row[column] ?? '')} is not a count.`;
    throw new InvalidCell(column, message, 'Write a whole number, 0 or more, or empty the cell.');
  }
  return Math.min(value, MAX_COUNT);
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
