// Reads records from lines. A quoted cell can span several lines, but an unclosed quote must not
// consume the rest of the file. A record over too many lines is an error, and so is a record over
// several lines with wrong quotes or a wrong number of cells. After such an error, reading
// continues at the line after the first line of the record.
import { CsvError, parse } from 'csv-parse/sync';
import { cleanCell } from './clean-cell.ts';
import { MAX_LINE_LENGTH } from './lines.ts';
import type { RowProblem } from './row-problem.ts';

/**
 * The maximum number of lines of a record. A pasted e-mail has fewer; an unclosed quote exceeds it.
 */
export const MAX_LINES = 500;

export interface CsvRecord {
  /** The 1-based number of its first line in the file. */
  readonly line: number;
  /** As many as the header has; for an unreadable record, its unparsed first line, then blanks. */
  readonly cells: readonly string[];
  readonly problem: RowProblem | null;
  /** False: `cells` has the raw line, as a quote or the length could not be read. */
  readonly isParsed: boolean;
  /** Whether a blank line or row is before it. */
  readonly followsBlank: boolean;
}

/**
 * Yields every record that is not blank, the header first. Missing cells become blanks, and extra
 * cells are joined into the last one; both with a problem. Blank cells beyond the last column of
 * the header are ignored.
 * @param skipped the number of lines of the file before `lines`
 */
export async function* readRecords(
  lines: AsyncIterable<string>,
  delimiter: string,
  skipped = 0,
): AsyncGenerator<CsvRecord> {
  const source = new LineSource(lines, skipped);
  let width: number | null = null;
  let followsBlank = false;
  for (;;) {
    const line = source.lineNumber + 1;
    const recordLines = await readRecordLines(source);
    if (recordLines === null) return;
    const parsed = parseRecord(recordLines, delimiter, width);
    if ('code' in parsed) source.pushBack(recordLines.slice(1));
    else if (parsed.every((cell) => cleanCell(cell) === '')) {
      followsBlank = true;
      continue;
    }
    const cells = 'code' in parsed ? [withoutLineEnd(recordLines[0] ?? '')] : parsed;
    width ??= cells.length;
    const isParsed = !('code' in parsed);
    const problem = 'code' in parsed ? quoteProblem(parsed) : widthProblem(cells, width);
    yield { line, cells: fitToWidth(cells, width, delimiter), problem, isParsed, followsBlank };
    followsBlank = false;
  }
}

/**
 * The lines of the next record: it is complete when its number of quotes is even. Null at the end.
 */
async function readRecordLines(source: LineSource): Promise<string[] | null> {
  const first = await source.next();
  if (first === null) return null;
  const lines = [first];
  let quotes = countQuotes(first);
  let length = first.length;
  while (quotes % 2 === 1 && lines.length < MAX_LINES && length <= MAX_LINE_LENGTH) {
    const next = await source.next();
    if (next === null) break;
    lines.push(next);
    quotes += countQuotes(next);
    length += next.length;
  }
  return lines;
}

/** The reason why a record could not be parsed. */
interface ParseFailure {
  readonly code: 'too-long' | 'not-closed' | 'stray-quote' | 'backslash-quote';
}

/**
 * @param width the number of cells of the header; it distinguishes a record over several lines from
 *   an
 *   unclosed quote
 */
function parseRecord(lines: readonly string[], delimiter: string, width: number | null): string[] | ParseFailure {
  const text = lines.join('');
  if (text.length > MAX_LINE_LENGTH) return { code: lines.length === 1 ? 'too-long' : 'not-closed' };
  if (!text.includes('"')) return withoutLineEnd(text).split(delimiter);
  const record = withoutLineEnd(text);
  const first = parseQuoted(record, delimiter);
  const parsed = first instanceof CsvError ? parseQuoted(withPlainQuotes(record, delimiter), delimiter) : first;
  if (parsed instanceof CsvError) {
    if (parsed.code === 'CSV_QUOTE_NOT_CLOSED' || lines.length > 1) return { code: 'not-closed' };
    return { code: record.includes('\\"') ? 'backslash-quote' : 'stray-quote' };
  }
  if (lines.length > 1 && width !== null && parsed.length !== width) return { code: 'not-closed' };
  return parsed;
}

/** One record at a time, so that an error affects only this record. */
function parseQuoted(text: string, delimiter: string): string[] | CsvError {
  try {
    const [cells = []] = parse(text, { delimiter, relax_column_count: true });
    return cells;
  } catch (error) {
    if (error instanceof CsvError) return error;
    throw error;
  }
}

/** Makes `="00123"` (Excel's text with leading zeros) and ` "a, b"` behind a delimiter quoted cells. */
function withPlainQuotes(text: string, delimiter: string): string {
  const mark = `\\${delimiter === '\t' ? 't' : delimiter}`;
  const start = new RegExp(`(^|${mark})(?: +|=)(?="[^"]*"\\s*(?:${mark}|$))`, 'g');
  return text.replace(start, '$1').replace(new RegExp(`(?<=")\\s+(?=${mark}|$)`, 'g'), '');
}

function quoteProblem({ code }: ParseFailure): RowProblem {
  if (code === 'too-long') {
    const fix = 'Check the line ends of the file, and shorten the cell.';
    return {
      column: null,
      message: `the line has more than ${MAX_LINE_LENGTH.toLocaleString('en-US')} characters.`,
      fix,
    };
  }
  if (code === 'backslash-quote') {
    const fix = 'Export with doubled quotes: "the ""big"" one".';
    return { column: null, message: 'a quote inside a cell is marked with a backslash (\\").', fix };
  }
  if (code === 'stray-quote') {
    const fix = 'Enclose the whole cell in quotes, and double the quotes inside it.';
    return { column: null, message: 'a cell has a quote in its middle.', fix };
  }
  const message = `a quote that opens here is not closed correctly (checked up to ${MAX_LINES} lines).`;
  return { column: null, message, fix: 'Close it, or double it if it is part of the text.' };
}

function widthProblem(cells: readonly string[], width: number): RowProblem | null {
  const hasExtraCells = cells.slice(width).some((cell) => cell.trim() !== '');
  if (!hasExtraCells && cells.length >= width) return null;
  const has = `${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}`;
  const message = `the row has ${has}, the header has ${width}.`;
  const fix =
    cells.length > width
      ? cells.some((cell) => cell.includes('\r'))
        ? 'The file has two kinds of line ends: save it with one of them.'
        : 'Enclose the cell that contains the delimiter in quotes.'
      : 'Look for a line break inside a cell without quotes, or for a file that was cut off.';
  return { column: null, message, fix };
}

function fitToWidth(cells: readonly string[], width: number, delimiter: string): readonly string[] {
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

function withoutLineEnd(text: string): string {
  return text.replace(/(?:\r\n|\n|\r)$/, '');
}

/** Reads lines, with push-back. */
class LineSource {
  readonly #lines: AsyncIterator<string>;
  #pushedBack: readonly string[] = [];
  /** The number of the last line that was read. */
  lineNumber: number;

  constructor(lines: AsyncIterable<string>, skipped: number) {
    this.lineNumber = skipped;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async next(): Promise<string | null> {
    const [first, ...rest] = this.#pushedBack;
    if (first !== undefined) {
      this.#pushedBack = rest;
      this.lineNumber++;
      return first;
    }
    const { value, done } = await this.#lines.next();
    if (done) return null;
    this.lineNumber++;
    return value;
  }

  pushBack(lines: readonly string[]): void {
    this.#pushedBack = [...lines, ...this.#pushedBack];
    this.lineNumber -= lines.length;
  }
}
