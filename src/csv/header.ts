// Finds the columns that a mapping names in the header of a file.

export type Columns = ReadonlyMap<string, number>;

/**
 * @param names the columns that the mapping names
 * @param header the cells of the header; spaces around a name do not count
 * @returns the place of each column, or what is wrong, in sentences. No other cell of the first line is quoted unless a column was found:
 *   without a header it is somebody's row
 */
export function locateColumns(
  names: readonly string[],
  header: readonly string[],
): { readonly columns: Columns } | { readonly errors: readonly string[] } {
  const titles = header.map((title) => title.trim());
  const columns = new Map<string, number>();
  const errors: string[] = [];
  const isHeader = names.some((name) => titles.includes(name));
  for (const name of names) {
    const places = titles.flatMap((title, place) => (title === name ? [place] : []));
    const [first] = places;
    if (first === undefined)
      errors.push(`there is no column "${name}". ${isHeader ? nearest(name, titles) : ''}`.trim());
    else if (places.length > 1) {
      const numbers = places.map((place) => place + 1).join(' and ');
      errors.push(
        `"${name}" is the header of the columns ${numbers}. Rename all but one, so that it is clear which is meant.`,
      );
    } else columns.set(name, first);
  }
  if (isHeader) return errors.length === 0 ? { columns } : { errors };
  const fix = 'Is its first line the header, and is it the file that the mapping was written for?';
  return { errors: [`none of the mapping's columns is in the first line. ${fix}`] };
}

function nearest(name: string, titles: readonly string[]): string {
  const ranked = [...new Set(titles)]
    .filter((title) => title !== '')
    .map((title) => ({ title, distance: distance(name.toLowerCase(), title.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  return `Nearest in the header: ${ranked
    .slice(0, 3)
    .map(({ title }) => `"${title}"`)
    .join(', ')}.`;
}

/** How many letters have to be put in, left out or replaced (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (let at = 1; at <= b.length; at++) {
      const replaced = (row[at - 1] ?? 0) + (b[at - 1] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
