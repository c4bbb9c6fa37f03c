// Locates the columns of a mapping in the header of a file.

import { editDistance } from '../problems/edit-distance.ts';

export type Columns = ReadonlyMap<string, number>;

/**
 * @param names the columns of the mapping
 * @param header the cells of the header; spaces around a name are ignored
 * @param headerLine the line of the file that looks like the header, if it is not the first
 * @returns the index of each column, or the errors as sentences. Other cells of the first line are
 *   quoted only if a column was found: without a header, the first line is the data of a lead.
 */
export function locateColumns(
  names: readonly string[],
  header: readonly string[],
  headerLine: number | null = null,
): { readonly columns: Columns } | { readonly errors: readonly string[] } {
  const titles = header.map((title) => title.trim());
  const columns = new Map<string, number>();
  const errors: string[] = [];
  const isHeader = names.some((name) => titles.includes(name));
  for (const name of names) {
    const indexes = titles.flatMap((title, index) => (title === name ? [index] : []));
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
      ? 'Is the first line the header, and was the mapping written for this file?'
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
  const wanted = new Set(names);
  const hasMost = (line: string, delimiter: string): boolean => {
    const titles = line.split(delimiter).map((title) => title.trim().replace(/^"(.*)"$/, '$1'));
    return 2 * titles.filter((title) => wanted.has(title)).length > wanted.size;
  };
  const index = lines.findIndex((line) => delimiters.some((delimiter) => hasMost(line, delimiter)));
  return index === -1 ? null : index + 1;
}

function nearest(name: string, titles: readonly string[]): string {
  const ranked = [...new Set(titles)]
    .filter((title) => title !== '')
    .map((title) => ({ title, distance: editDistance(name.toLowerCase(), title.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  return `Nearest in the header: ${ranked
    .slice(0, 3)
    .map(({ title }) => `"${title}"`)
    .join(', ')}.`;
}
