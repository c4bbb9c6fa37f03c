// Parses instants and dates of leads and options. A text without an offset is refused: the time
// zone is never guessed.

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/i;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/**
 * @param text an RFC 3339 instant (`2026-11-01T09:30:00.5+02:00`); fractions are cut to
 *   milliseconds
 * @returns epoch milliseconds; null for any other text
 */
export function parseInstant(text: string): number | null {
  const match = INSTANT.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = match;
  const midnight = utcMidnight(Number(year), Number(month), Number(day));
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  // RFC 3339 5.6 allows second 60 (a leap second); it is read as the next second.
  if (midnight === null || h > 23 || m > 59 || s > 60) return null;
  const [oh, om] = [Number(offsetHour ?? 0), Number(offsetMinute ?? 0)];
  if (oh > 23 || om > 59) return null;
  const offset = (oh * 60 + om) * (sign === '-' ? -60_000 : 60_000);
  const millisecond = Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
  return midnight + ((h * 60 + m) * 60 + s) * 1000 + millisecond - offset;
}

/**
 * @param text an RFC 3339 instant, or a date (`2026-11-01`, midnight UTC)
 * @returns epoch milliseconds; null for any other text
 */
export function parseInstantOrDate(text: string): number | null {
  const match = DATE.exec(text);
  if (!match) return parseInstant(text);
  return utcMidnight(Number(match[1]), Number(match[2]), Number(match[3]));
}

function utcMidnight(year: number, month: number, day: number): number | null {
  // Not Date.UTC: it reads the years 0 to 99 as 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : null;
}
