// Parses durations of a model file: `30d`, `1.5h`, `24h`, `2w`.

const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
export const DURATION = /^(\d+(?:\.\d+)?)([smhdw])$/;

/**
 * @returns milliseconds; null unless the text is a positive decimal directly followed by s, m, h, d
 * or w
 */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  const unit = UNITS[match?.[2] ?? ''];
  if (!match || unit === undefined) return null;
  // 1.1 * 86,400,000 is slightly above 95,040,000 in binary; 15 digits give the intended decimal.
  const milliseconds = Number((Number(match[1]) * unit).toPrecision(15));
  return milliseconds > 0 && Number.isFinite(milliseconds) ? milliseconds : null;
}

const SPELLED = /^[+\-−]?\s*(\d+(?:[.,]\d+)?)\s*([a-z]*)\.?$/iu;
const DAYS_OF: Readonly<Record<string, number>> = { mo: 30, y: 365 };

/** What a duration in another spelling means: `30 days` is 30d, `3 months` 90d; null if unclear. */
export function guessDuration(text: string): string | null {
  const [, number = '', unit = ''] = SPELLED.exec(text.trim()) ?? [];
  const value = Number(number.replace(',', '.'));
  if (number === '' || !(value > 0)) return null;
  const name = unit.toLowerCase();
  if (name === '') return `${value}d`;
  const long = Object.entries(DAYS_OF).find(([start]) => name.startsWith(start));
  if (long) return `${value * long[1]}d`;
  const letter = name[0] ?? '';
  return letter in UNITS ? `${value}${letter}` : null;
}

/** For durations that a schema has checked. @throws Error for any other text */
export function durationMs(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === null)
    throw new Error(`"${text}" is not a valid duration. Write a number and s, m, h, d or w, e.g. 30d.`);
  return milliseconds;
}
