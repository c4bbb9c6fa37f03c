// Values and lists in the words of the person who reads a message.

/** `a, b or c` */
export function listOf(items: readonly string[], last: 'or' | 'and'): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1)}`;
}

/**
 * A value as a message shows it: `the text "10 points"`, `a list`, `the number 1.0`.
 * @param written a number as the file has it
 */
export function describeValue(value: unknown, written?: string): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return value.trim() === '' ? 'an empty text' : `the text ${quoted(value)}`;
  if (typeof value === 'number')
    return Number.isFinite(value) ? `the number ${written ?? value}` : `${written ?? value}`;
  if (typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'a section with keys';
}

/** The text in double quotes, shortened to one line. */
export function quoted(text: string): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  const points = [...line];
  return `"${points.length > 60 ? `${points.slice(0, 57).join('')}...` : line}"`;
}

/** Quotes for a text in YAML: single ones around a backslash or a double quote. */
export function inQuotes(text: string): string {
  return /["\\]/.test(text) ? `'${text.replaceAll("'", "''")}'` : `"${text}"`;
}

/** `1,024` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
