// Reads dates and instants: ISO 8601 and epoch milliseconds. Nothing is guessed, and no other number
// is taken for milliseconds: 1709900000 would be January 1970.

export interface LocalInstant {
  /** The date and time as if it were UTC, in epoch milliseconds. */
  readonly local: number;
  /** Milliseconds to subtract; null: the text has no offset. */
  readonly offset: number | null;
  /** Whether the text has no time of day. */
  readonly isDay: boolean;
}

// HubSpot sends epoch milliseconds; 12 digits are the years 1973 to 2001, 13 digits 2001 to 2286.
const EPOCH_MS = /^-?\d{12,13}$/;
// Salesforce writes +0000 without a colon, Postgres +00, Ruby "UTC" and a space before the offset.
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?: ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?$/i;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The years of a field: a date of birth or of a foundation at one end, a contract at the other. */
const FIRST_FIELD = Date.UTC(1900, 0);
/** No CRM, form or site is older. */
const FIRST_ACTIVITY = Date.UTC(1990, 0);
const END = Date.UTC(2101, 0);

// What programs write for an empty date: .NET, LDAP, SQL Server, Excel, "no end". MySQL writes zeros.
const EMPTY_DAYS: ReadonlySet<string> = new Set([
  '0001-01-01',
  '1601-01-01',
  '1753-01-01',
  '1899-12-30',
  '1899-12-31',
  '1900-01-01',
  '1904-01-01',
]);
const ALL_ZEROS = /^0[0\s.:/TZ+-]*$/i;
const FIRST_MODERN = Date.UTC(1970, 0, 2);
const LAST_YEAR = Date.UTC(9999, 0);
// The instant 0 of Unix, as the clocks of all time zones show it.
const WIDEST_OFFSET = 14 * 60 * MINUTE_MS;

/** Whether the text is all zeros: 0000-00-00, 00.00.0000, 0. */
export function isZeroDate(text: string): boolean {
  return ALL_ZEROS.test(text);
}

/**
 * Whether a date stands for "no date", as 1970-01-01 and 9999-12-31 do.
 * @param local epoch milliseconds, as the text shows them
 */
export function isEmptyDate(local: number): boolean {
  if (local >= FIRST_MODERN && local < LAST_YEAR) return false;
  if (local >= LAST_YEAR || Math.abs(local) <= WIDEST_OFFSET) return true;
  return local % DAY_MS === 0 && EMPTY_DAYS.has(new Date(local).toISOString().slice(0, 10));
}

/** @returns null for another form, and for a day or a time that does not exist */
export function readIso(text: string): LocalInstant | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute = '0', second = '0', fraction = '', zone] = match;
  const date = calendarDay(Number(year), Number(month), Number(day));
  const time = timeOfDay(Number(hour ?? 0), Number(minute), Number(second));
  const offset = zone === undefined ? null : offsetOf(zone);
  if (date === null || time === null || offset === undefined) return null;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  return { local: date + time + milliseconds, offset, isDay: hour === undefined };
}

/** Midnight of the day, in epoch milliseconds; null for a day that does not exist. */
export function calendarDay(year: number, month: number, day: number): number | null {
  if (year < 1 || month < 1) return null;
  // Not Date.UTC: it reads the years 0 to 99 as 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : null;
}

/** Milliseconds since midnight. 24:00 is the end of the day (ISO 8601), 60 a leap second. */
export function timeOfDay(hour: number, minute: number, second: number): number | null {
  if (hour === 24) return minute === 0 && second === 0 ? DAY_MS : null;
  if (hour > 23 || minute > 59 || second > 60) return null;
  return (hour * 60 + minute) * MINUTE_MS + second * 1000;
}

/** Undefined for an offset that does not exist. */
function offsetOf(zone: string): number | undefined {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  if (hours === undefined) return 0;
  if (Number(hours) > 18 || Number(minutes) > 59) return undefined;
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -MINUTE_MS : MINUTE_MS);
}

/**
 * Reads epoch milliseconds (number or digits), a date (midnight UTC), or an instant with an offset.
 * @returns epoch milliseconds of any year; `empty` for a date that stands for none, such as
 *   0001-01-01; null for any other value
 */
export function readInstant(value: string | number | boolean): number | 'empty' | null {
  if (typeof value === 'boolean') return null;
  const text = String(value).trim();
  if (isZeroDate(text)) return 'empty';
  if (EPOCH_MS.test(text)) return isEmptyDate(Number(text)) ? 'empty' : Number(text);
  const iso = readIso(text);
  if (iso === null || (iso.offset === null && !iso.isDay)) return null;
  return isEmptyDate(iso.local) ? 'empty' : iso.local - (iso.offset ?? 0);
}

/** The same, with null also for an empty date and a year that is not from 1900 to 2100. */
export function toInstant(value: string | number | boolean): number | null {
  const at = readInstant(value);
  return typeof at === 'number' && isPlausible(at) ? at : null;
}

/** Whether there is a date that `toInstant` cannot read. An empty date is none. */
export function isUnreadableDate(value: string | number | boolean): boolean {
  return toInstant(value) === null && readInstant(value) !== 'empty';
}

/** Whether a field can have this date: the years 1900 to 2100. */
export function isPlausible(at: number): boolean {
  return at >= FIRST_FIELD && at < END;
}

/** Whether an activity can have this date: the years 1990 to 2100. */
export function isPlausibleActivity(at: number): boolean {
  return at >= FIRST_ACTIVITY && at < END;
}
