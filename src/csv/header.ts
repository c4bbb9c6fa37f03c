// Locates the columns of a mapping in the header of a file.

import { editDistance } from '../problems/edit-distance.ts';
import { columnName } from './clean-cell.ts';

export type Columns = ReadonlyMap<string, number>;

/**
 * @param names the columns of the mapping
 * @param header the cells of the header; surrounding and repeated spaces, line breaks and
 *   invisible characters are ignored
 * @param headerLine the line of the file that looks like the header, if it is not the first
 * @returns the index of each column, or the errors as sentences. Other cells of the first line are
 *   quoted only if a column was found: without a header, the first line is the data of a lead.
 */
export function locateColumns(
  names: readonly string[],
  header: readonly string[],
  headerLine: number | null = null,
): { readonly columns: Columns } | { readonly errors: readonly string[] } {
  const titles = header.map(columnName);
  const columns = new Map<string, number>();
  const errors: string[] = [];
  const isHeader = names.some((name) => titles.some((title) => sameLetters(title, name)));
  for (const name of names) {
    const wanted = columnName(name);
    const indexes = titles.flatMap((title, index) => (title === wanted ? [index] : []));
    const [first] = indexes;
    if (first === undefined) errors.push(`missing column "${name}". ${isHeader ? nearest(name, titles) : ''}`.trim());
    else if (indexes.length > 1) {
      const numbers = indexes.map((index) => index + 1).join(' and ');
      errors.push(`duplicate column "${name}" (columns ${numbers}). Rename all but one.`);
    } else columns.set(name, first);
  }
  if (isHeader) return errors.length === 0 ? { columns } : { errors };
  const fix =
    headerLine === null
      ? header.length === 1
        ? 'It has one cell: the delimiter must be a comma, semicolon, tab or pipe. Is it the header?'
        : 'Is the first line the header, and was the mapping written for this file?'
      : `Line ${headerLine} looks like the header: delete the lines above it.`;
  return { errors: [`the first line contains no column of the mapping. ${fix}`] };
}

/**
 * Finds the header below the title and the filters of a report.
 * @param lines the first lines of the file
 * @returns its line number; null if no line has most of the columns
 */
export function findHeaderLine(
  names: readonly string[],
  lines: readonly string[],
  delimiters: readonly string[],
): number | null {
  const wanted = new Set(names.map(columnName));
  const hasMost = (line: string, delimiter: string): boolean => {
    const titles = line.split(delimiter).map((title) => columnName(title.trim().replace(/^"(.*)"$/, '$1')));
    return 2 * titles.filter((title) => wanted.has(title)).length > wanted.size;
  };
  const index = lines.findIndex((line) => delimiters.some((delimiter) => hasMost(line, delimiter)));
  return index === -1 ? null : index + 1;
}

function sameLetters(a: string, b: string): boolean {
  return a.toLowerCase() === columnName(b).toLowerCase();
}

function nearest(name: string, titles: readonly string[]): string {
  const same = titles.find((title) => sameLetters(title, name));
  if (same !== undefined) return `The header has "${same}". Write it so in the mapping.`;
  const ranked = [...new Set(titles)]
    .filter((title) => title !== '')
    .map((title) => ({ title, distance: editDistance(name.toLowerCase(), title.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  return `Nearest in the header: ${ranked
    .slice(0, 3)
    .map(({ title }) => `"${title}"`)
    .join(', ')}.`;
}
