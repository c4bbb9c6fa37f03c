// The path of a page URL, which models match: `https://www.example.com/pricing?x=1` -> `/pricing`.

/** Null for text that is not a valid URL. A path alone is returned as a path. */
export function pathOf(url: string | null | undefined): string | null {
  if (url === null || url === undefined || url === '') return null;
  return URL.parse(url, 'https://host.invalid')?.pathname ?? null;
}
