// Converts cells to the values of fields and attributes. A cell that is no number or date refuses its
// row; one that is no country or no yes or no is unknown, and counted.
import type { FieldValue } from '../../domain/lead.ts';
import { convertValue, tableEntry, type ValueTable } from '../../mapping/convert-value.ts';
import { dateProblem, yearProblem } from '../../mapping/date-problem.ts';
import { isPlausible, isPlausibleActivity } from '../../mapping/instants.ts';
import { unknownTexts } from '../../mapping/unknown-texts.ts';
import type { ColumnSource, CsvMapping } from '../csv-mapping.ts';
import { dateReader, type ReadDate } from '../dates.ts';
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
  const dates = dateReaderOf(mapping);
  const plainNumber = numberReader(mapping.csv.decimal);
  const unknown = unknownTexts(mapping.csv);
  const dateOf = (row: Row, column: string, isInRange: (at: number) => boolean): number | null => {
    const text = row[column] ?? '';
    const at = dates.read(text);
    if (at === 'empty') notes.add('empty-date', column, text);
    if (at === 'empty') return null;
    if (at === null) throw invalidDate(column, text, dates.formats);
    if (!isInRange(at)) throw invalidCell(column, text, yearProblem(at));
    return at;
  };
  return {
    value: (row, { from, as = 'text', table }) => {
      const column = firstKnown(row, from);
      const text = column === null ? null : (row[column] ?? null);
      if (column === null || text === null) return null;
      const entries = table === undefined ? undefined : tables[table];
      if (as === 'text' && entries === undefined) return text;
      if (as === 'instant') {
        const at = dateOf(row, column, isPlausible);
        return at === null ? null : new Date(at).toISOString();
      }
      const isTranslated = tableEntry(text, entries) !== undefined;
      const plain = as === 'number' && !isTranslated ? plainNumber(text) : text;
      if (typeof plain !== 'string') throw invalidCell(column, text, plain);
      const converted = convertValue(plain, as, { table: entries, unknown: as === 'list' ? unknown : undefined });
      if ('value' in converted) {
        if (as === 'country' && !isTranslated && text.toUpperCase() === 'NA') notes.add('namibia', column, 'NA');
        return converted.value;
      }
      if (as !== 'country' && as !== 'boolean') throw invalidCell(column, text, converted);
      notes.add(as, column, text);
      return null;
    },
    activityDate: (row, column) => dateOf(row, column, isPlausibleActivity),
  };
}

export function firstKnown(row: Row, columns: string | readonly string[]): string | null {
  if (typeof columns === 'string') return (row[columns] ?? null) === null ? null : columns;
  return columns.find((column) => (row[column] ?? null) !== null) ?? null;
}

function invalidCell(
  column: string,
  text: string,
  { reason, fix }: { readonly reason: string; readonly fix: string },
): InvalidCell {
  return new InvalidCell(column, `${cellSubject(text)} ${reason}.`, fix);
}

function invalidDate(column: string, text: string, declared: readonly string[]): InvalidCell {
  const { reason, fix, formats } = dateProblem(text);
  const missing = formats.filter((format) => !declared.includes(format));
  const is = declared.length === 0 ? '' : `, and date_format is ${declared.join(', ')}`;
  const write = `Under csv, write date_format: ${missing.join(' or date_format: ')}, or correct the cell.`;
  return invalidCell(column, text, { reason: reason + is, fix: missing.length === 0 ? fix : write });
}

function dateReaderOf({ csv }: CsvMapping): { readonly read: ReadDate; readonly formats: readonly string[] } {
  const formats = [csv.date_format ?? []].flat();
  return { read: dateReader(formats, csv.timezone ?? 'UTC'), formats };
}
