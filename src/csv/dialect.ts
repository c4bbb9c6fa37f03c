// Detects the dialect of a CSV file from its beginning: the delimiter and the line ends.
import { parse } from 'csv-parse/sync';
import { columnName } from './clean-cell.ts';

export const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' } as const;
export type DelimiterName = keyof typeof DELIMITERS;

export interface CsvDialect {
  readonly delimiter: DelimiterName;
  readonly lineEnd: '\n' | '\r\n' | '\r';
  /** Whether the first line is Excel's `sep=;`, which names the delimiter and is not the header. */
  readonly hasSepLine: boolean;
}

const NAMES: readonly DelimiterName[] = ['comma', 'semicolon', 'tab', 'pipe'];
const SEP_LINE = /^sep=([,;\t|])\r?\n?$/i;

/**
 * @param head the beginning of the file, without a byte order mark
 * @param columns the columns of the mapping. The delimiter that finds the most of them in the
 *   header
 *   wins, then the delimiter that gives the most cells.
 * @param declared the delimiter in the mapping; it takes precedence
 */
export function detectDialect(head: string, columns: readonly string[], declared?: DelimiterName): CsvDialect {
  const lineEnd = head.includes('\r\n') ? '\r\n' : head.includes('\n') || !head.includes('\r') ? '\n' : '\r';
  const lines = head.split(lineEnd);
  const hint = SEP_LINE.exec(lines[0] ?? '')?.[1];
  const hinted = NAMES.find((name) => DELIMITERS[name] === hint);
  const header = firstRecord(hint === undefined ? lines : lines.slice(1), lineEnd);
  const ranked = NAMES.map((name) => ({ name, ...rank(header, DELIMITERS[name], columns) }));
  ranked.sort((a, b) => b.found - a.found || b.cells - a.cells);
  return { delimiter: declared ?? hinted ?? ranked[0]?.name ?? 'comma', lineEnd, hasSepLine: hint !== undefined };
}

function firstRecord(lines: readonly string[], lineEnd: string): string {
  let text = '';
  for (const line of lines) {
    text += text === '' ? line : lineEnd + line;
    if (text.trim() !== '' && text.split('"').length % 2 === 1) return text;
  }
  return lines[0] ?? '';
}

function rank(header: string, delimiter: string, columns: readonly string[]): { found: number; cells: number } {
  let cells: readonly string[];
  try {
    [cells = []] = parse(header, { delimiter, relax_column_count: true });
  } catch {
    return { found: 0, cells: 0 };
  }
  const titles = new Set(cells.map(columnName));
  return { found: columns.filter((column) => titles.has(columnName(column))).length, cells: cells.length };
}
