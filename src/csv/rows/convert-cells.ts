// Converts cells to the values of fields and attributes. A cell that is not a number or a date refuses its
// row; one that is neither a country nor a yes or no is unknown, and counted.
import type { FieldValue } from '../../domain/lead.ts';
import type { ValueKind } from '../../mapping/mapping.ts';
import { convertValue, tableEntry, type ValueTable } from '../../mapping/values/convert-value.ts';
import { dateProblem, yearProblem } from '../../mapping/values/date-problem.ts';
import { isPlausible, isPlausibleActivity } from '../../mapping/values/instants.ts';
import { unknownTexts } from '../../mapping/values/unknown-texts.ts';
import type { ColumnSource, CsvMapping } from '../csv-mapping.ts';
import { dateReader } from '../dates.ts';
import { numberReader } from '../numbers.ts';
import { cellSubject, type RowProblem } from '../row-problem.ts';
import type { CellNotes } from './cell-notes.ts';
import type { Row } from './read-cells.ts';

export interface CellConverter {
  /** The value of the first column of the source that has one; null = unknown. */
  value(row: Row, source: ColumnSource): FieldValue;
  /** The date of an activity in epoch milliseconds; null = unknown. */
  activityDate(row: Row, column: string): number | null;
}

/** The first invalid cell ends the projection of its row. */
export class InvalidCell extends Error {
  readonly problem: RowProblem;

  constructor(column: string, message: string, fix: string) {
    super(message);
    this.problem = { column, message, fix };
  }
}

export function createCellConverter(mapping: CsvMapping, notes: CellNotes): CellConverter {
  const tables: Readonly<Record<string, ValueTable>> = mapping.tables ?? {};
  const convertCell = createCellReader(mapping, notes);
  const dateOf = createDateReader(mapping, notes);
  return {
    value: (row, { from, as = 'text', table }) => {
      const column = firstKnown(row, from);
      const text = column === null ? null : (row[column] ?? null);
      if (column === null || text === null) return null;
      if (as === 'instant') {
        const at = dateOf(text, column, isPlausible);
        return at === null ? null : new Date(at).toISOString();
      }
      return convertCell({ column, text }, as, table === undefined ? undefined : tables[table]);
    },
    activityDate: (row, column) => dateOf(row[column] ?? '', column, isPlausibleActivity),
  };
}

interface Cell {
  readonly column: string;
  readonly text: string;
}

function createCellReader(
  { csv }: CsvMapping,
  notes: CellNotes,
): (cell: Cell, as: ValueKind, table: ValueTable | undefined) => FieldValue {
  const plainNumber = numberReader(csv.decimal);
  const unknown = unknownTexts(csv);
  const refused = ({ column, text }: Cell, as: ValueKind, problem: CellReason): null => {
    if (as !== 'country' && as !== 'boolean') throw invalidCell(column, text, problem);
    notes.add(as, column, text);
    return null;
  };
  return (cell, as, table) => {
    const { column, text } = cell;
    if (as === 'text' && table === undefined) return text;
    const isTranslated = tableEntry(text, table) !== undefined;
    const plain = as === 'number' && !isTranslated ? plainNumber(text) : text;
    if (typeof plain !== 'string') return refused(cell, as, plain);
    const converted = convertValue(plain, as, { table, unknown: as === 'list' ? unknown : undefined });
    if ('reason' in converted) return refused(cell, as, converted);
    if (as === 'country' && !isTranslated && text.toUpperCase() === 'NA') notes.add('namibia', column, 'NA');
    return converted.value;
  };
}

type DateOf = (text: string, column: string, isInRange: (at: number) => boolean) => number | null;

function createDateReader({ csv }: CsvMapping, notes: CellNotes): DateOf {
  const formats = [csv.date_format ?? []].flat();
  const read = dateReader(formats, csv.timezone ?? 'UTC');
  return (text, column, isInRange) => {
    const at = read(text);
    if (at === null) throw invalidDate(column, text, formats);
    if (at === 'empty') {
      notes.add('empty-date', column, text);
      return null;
    }
    if (!isInRange(at)) throw invalidCell(column, text, yearProblem(at));
    return at;
  };
}

export function firstKnown(row: Row, columns: string | readonly string[]): string | null {
  if (typeof columns === 'string') return (row[columns] ?? null) === null ? null : columns;
  return columns.find((column) => (row[column] ?? null) !== null) ?? null;
}

interface CellReason {
  readonly reason: string;
  readonly fix: string;
}

function invalidCell(column: string, text: string, { reason, fix }: CellReason): InvalidCell {
  return new InvalidCell(column, `${cellSubject(text)} ${reason}.`, fix);
}

function invalidDate(column: string, text: string, declared: readonly string[]): InvalidCell {
  const { reason, fix, formats } = dateProblem(text);
  const missing = formats.filter((format) => !declared.includes(format));
  const is = declared.length === 0 ? '' : `, and date_format is ${declared.join(', ')}`;
  const lines = missing.map((format) => `date_format: ${format.includes(',') ? `"${format}"` : format}`);
  const write = `Under csv, write ${lines.join(' or ')}, or correct the cell.`;
  return invalidCell(column, text, { reason: reason + is, fix: missing.length === 0 ? fix : write });
}
