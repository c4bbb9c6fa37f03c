// The path of a page's address, which models match on: `https://www.example.com/pricing?x=1` -> `/pricing`.

/** Null when the text is no address. A path alone stays one. */
export function pathOf(url: string | null | undefined): string | null {
  if (url === null || url === undefined || url === '') return null;
  return URL.parse(url, 'https://host.invalid')?.pathname ?? null;
}
