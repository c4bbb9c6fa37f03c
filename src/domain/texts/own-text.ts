/**
 * The same text, in memory of its own. A cell of a file can be a slice of a whole piece of it, which
 * a remembered slice would keep.
 */
export function ownText(text: string): string {
  return [...text].join('');
}
