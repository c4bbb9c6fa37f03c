// Lines -> records. A quoted cell may run over several lines. A quote that nobody closed must not swallow the rest of the file:
// a record over too many lines is refused, and so is one over several lines whose quotes or number of cells are wrong; reading
// goes on at the line after its first.
import { CsvError, parse } from 'csv-parse/sync';
import { MAX_LENGTH } from './lines.ts';
import type { RowProblem } from './row-problem.ts';

/** No cell runs over more lines than this: a pasted e-mail does not, an unclosed quote does. */
export const MAX_LINES = 500;

export interface CsvRecord {
  /** The 1-based line of the file on which it begins. */
  readonly line: number;
  /** As many as the header has; of a record that could not be read, its first line as it stands, and blanks. */
  readonly cells: readonly string[];
  readonly problem: RowProblem | null;
}

/**
 * Every record that is not blank, the header first. Cells that are missing are filled up with blanks, and what is too much goes into the last
 * one; both with a problem. Blanks beyond the header's last column are dropped.
 * @param skipped how many lines of the file stand before these
 */
export async function* readRecords(
  lines: AsyncIterable<string>,
  delimiter: string,
  skipped = 0,
): AsyncGenerator<CsvRecord> {
  const source = new LineSource(lines, skipped);
  let width: number | null = null;
  for (;;) {
    const line = source.taken + 1;
    const taken = await takeRecord(source);
    if (taken === null) return;
    const parsed = parseRecord(taken, delimiter, width);
    if ('code' in parsed) source.giveBack(taken.slice(1));
    else if (parsed.every((cell) => cell.trim() === '')) continue;
    const cells = 'code' in parsed ? [withoutEnd(taken[0] ?? '')] : parsed;
    width ??= cells.length;
    const problem = 'code' in parsed ? quoteProblem(parsed) : widthProblem(cells, width);
    yield { line, cells: fitted(cells, width, delimiter), problem };
  }
}

/** The lines of the next record, by its quotes: it is whole when their number is even. Null at the end. */
async function takeRecord(source: LineSource): Promise<string[] | null> {
  const first = await source.next();
  if (first === null) return null;
  const taken = [first];
  let quotes = countQuotes(first);
  let length = first.length;
  while (quotes % 2 === 1 && taken.length < MAX_LINES && length <= MAX_LENGTH) {
    const next = await source.next();
    if (next === null) break;
    taken.push(next);
    quotes += countQuotes(next);
    length += next.length;
  }
  return taken;
}

/** Why a record could not be read. */
interface Unreadable {
  readonly code: 'too-long' | 'not-closed' | 'stray-quote';
}

/** @param width the header's number of cells, by which a record over several lines is told from an unclosed quote */
function parseRecord(lines: readonly string[], delimiter: string, width: number | null): string[] | Unreadable {
  const text = lines.join('');
  if (text.length > MAX_LENGTH) return { code: lines.length === 1 ? 'too-long' : 'not-closed' };
  if (!text.includes('"')) return withoutEnd(text).split(delimiter);
  try {
    // One record at a time: an error then costs this record alone.
    const [cells = []] = parse(withoutEnd(text), { delimiter, relax_column_count: true });
    if (lines.length > 1 && width !== null && cells.length !== width) return { code: 'not-closed' };
    return cells;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const isOpen = error.code === 'CSV_QUOTE_NOT_CLOSED' || lines.length > 1;
    return { code: isOpen ? 'not-closed' : 'stray-quote' };
  }
}

function quoteProblem({ code }: Unreadable): RowProblem {
  if (code === 'too-long') return { column: null, message: 'the line is too long.', fix: 'Check where its lines end.' };
  if (code === 'stray-quote') {
    const fix = 'Enclose the whole cell in quotes, and double those inside it.';
    return { column: null, message: 'a quote stands inside a cell.', fix };
  }
  const message = `a quote that opens here is not closed well (looked at up to ${MAX_LINES} lines).`;
  return { column: null, message, fix: 'Close it, or double it if it is part of the text.' };
}

function widthProblem(cells: readonly string[], width: number): RowProblem | null {
  const beyond = cells.slice(width).some((cell) => cell.trim() !== '');
  if (!beyond && cells.length >= width) return null;
  const message = `the row has ${cells.length} cells, the header ${width}.`;
  return {
    column: null,
    message,
    fix: 'Look for a delimiter inside a cell that is not in quotes, or for a broken line.',
  };
}

function fitted(cells: readonly string[], width: number, delimiter: string): readonly string[] {
  if (cells.length === width) return cells;
  if (cells.length < width) return [...cells, ...Array.from({ length: width - cells.length }, () => '')];
  const rest = cells.slice(width - 1).join(delimiter);
  const isBlank = cells.slice(width).every((cell) => cell.trim() === '');
  return [...cells.slice(0, width - 1), isBlank ? (cells[width - 1] ?? '') : rest];
}

function countQuotes(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) count++;
  return count;
}

function withoutEnd(text: string): string {
  return text.replace(/(?:\r\n|\n|\r)$/, '');
}

/** Lines of which some can be given back. */
class LineSource {
  readonly #lines: AsyncIterator<string>;
  #back: readonly string[] = [];
  /** The number of the last line taken, without those given back. */
  taken: number;

  constructor(lines: AsyncIterable<string>, skipped: number) {
    this.taken = skipped;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async next(): Promise<string | null> {
    const [first, ...rest] = this.#back;
    if (first !== undefined) {
      this.#back = rest;
      this.taken++;
      return first;
    }
    const { value, done } = await this.#lines.next();
    if (done) return null;
    this.taken++;
    return value;
  }

  giveBack(lines: readonly string[]): void {
    this.#back = [...lines, ...this.#back];
    this.taken -= lines.length;
  }
}
