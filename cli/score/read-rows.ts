// Reads the rows of a CSV file as leads. Leaves out the footer of a report, refuses its summary rows,
// and says repeated ids and cells that were read as unknown once at the end.
import { columnName } from '../../src/csv/clean-cell.ts';
import type { CsvRecord } from '../../src/csv/records.ts';
import type { RowProblem } from '../../src/csv/row-problem.ts';
import { type CellNotes, formatCount } from '../../src/csv/rows/cell-notes.ts';
import { footerLine, footerStart, isFooterCandidate, MAX_FOOTER_LINES } from '../../src/csv/rows/footer.ts';
import type { RefusedRow, RowProjector } from '../../src/csv/rows/project-row.ts';
import { isSummaryRow } from '../../src/csv/rows/summary-rows.ts';
import type { Entry, RejectedEntry } from './entries.ts';
import { SeenIds } from './seen-ids.ts';

/** The number of invalid rows that are printed. */
export const MAX_PRINTED = 10;

export interface RowContext {
  readonly project: RowProjector;
  /** The index of the column with the id. */
  readonly id: number;
  readonly notes: CellNotes;
  /** The names of all columns. */
  readonly header: readonly string[];
  /** The name of the file, for messages. */
  readonly file: string;
  readonly print: (text: string) => void;
}

const DETAILS_ONLY = 'Export the report as "Details Only"';
const SUMMARY: RowProblem = {
  column: null,
  message: 'this is a summary row of a report, not a lead.',
  fix: `${DETAILS_ONLY}.`,
};

export async function* readRows(records: AsyncIterable<CsvRecord>, context: RowContext): AsyncGenerator<Entry> {
  const reader = new RowReader(context);
  // The rows at the end that may be the footer of a report.
  let held: CsvRecord[] = [];
  let isEmpty = true;
  for await (const record of records) {
    isEmpty = false;
    if (held.length < MAX_FOOTER_LINES && isFooterCandidate(record)) {
      held.push(record);
      continue;
    }
    for (const each of [...held, record]) yield* reader.read(each);
    held = [];
  }
  const start = footerStart(held);
  for (const each of held.slice(0, start)) yield* reader.read(each);
  if (isEmpty || (start === 0 && reader.rows === 0))
    context.print(`${context.file}: the file has a header and no rows.`);
  if (start < held.length) context.print(`${context.file}: ${footerLine(held.slice(start))}`);
  reader.report();
}

class RowReader {
  rows = 0;
  readonly #context: RowContext;
  readonly #ids = new SeenIds();
  #printed = 0;
  #summaries = 0;
  #repeated = 0;
  #firstRepeated = 0;
  #headers = 0;
  #firstHeader = 0;

  constructor(context: RowContext) {
    this.#context = context;
  }

  /** Empty for a row that repeats the header. */
  read(record: CsvRecord): readonly Entry[] {
    if (this.#isHeader(record)) {
      this.#headers++;
      this.#firstHeader ||= record.line;
      return [];
    }
    this.rows++;
    return [this.#toEntry(record)];
  }

  /** Two exports in one file. */
  #isHeader({ cells, isParsed }: CsvRecord): boolean {
    const { header, id } = this.#context;
    if (!isParsed || columnName(cells[id] ?? '') !== columnName(header[id] ?? '')) return false;
    return cells.every((cell, index) => columnName(cell) === columnName(header[index] ?? ''));
  }

  #toEntry(record: CsvRecord): Entry {
    const read = this.#project(record);
    if ('lead' in read) {
      if (this.#ids.add(read.lead.id)) {
        this.#repeated++;
        this.#firstRepeated ||= record.line;
      }
      return { ...read, record };
    }
    const { file, print } = this.#context;
    if (read.problem === SUMMARY) this.#summaries++;
    else if (this.#printed++ < MAX_PRINTED) print(rowLine(file, record.line, read.problem));
    return rejectedEntry(record, read);
  }

  #project(record: CsvRecord): ReturnType<RowProjector> {
    const { project, id } = this.#context;
    if (record.isParsed && isSummaryRow(record.cells, id)) return { problem: SUMMARY, id: null };
    if (record.problem === null) return project(record.cells);
    const text = record.isParsed ? (record.cells[id] ?? '').trim() : '';
    return { problem: record.problem, id: text === '' ? null : text };
  }

  /** Prints what is said once for the whole file. */
  report(): void {
    const { file, notes, print } = this.#context;
    if (this.#summaries > 0) {
      const rows = this.#summaries === 1 ? '1 row is a summary' : `${formatCount(this.#summaries)} rows are summaries`;
      print(
        `${file}: ${rows} of a report (subtotal, count, total) and no lead. ${DETAILS_ONLY}: ` +
          'a grouped report also leaves cells blank that repeat the group.',
      );
    }
    if (this.#headers > 0) {
      const rows = this.#headers === 1 ? '1 row repeats' : `${formatCount(this.#headers)} rows repeat`;
      print(`${file}: ${rows} the header (first in line ${this.#firstHeader}), as in joined exports. It is left out.`);
    }
    if (this.#repeated > 0) {
      const rows = this.#repeated === 1 ? '1 row repeats' : `${formatCount(this.#repeated)} rows repeat`;
      print(
        `${file}: ${rows} the id of an earlier row (first in line ${this.#firstRepeated}). Each is scored as a lead of its own. ` +
          `If it is a report with a line per activity, export it with one row per lead. ${DETAILS_ONLY} where it is grouped.`,
      );
    }
    for (const line of notes.lines()) print(`${file}: ${line}`);
  }
}

/** `leads.csv:12 · column "Created": "12" is not a date. ...` */
function rowLine(file: string, line: number, { column, message, fix }: RowProblem): string {
  return `${file}:${line} · ${column === null ? '' : `column "${column}": `}${message} ${fix}`;
}

function rejectedEntry(record: CsvRecord, { problem, id }: RefusedRow): RejectedEntry {
  const { column, message, fix } = problem;
  const error = { code: 'invalid_row', message: `${message} ${fix}`, path: column ?? '', line: record.line } as const;
  return { id, error, record: { ...record, problem } };
}
