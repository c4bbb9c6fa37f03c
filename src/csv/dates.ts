// Reads the dates of an export: ISO 8601 always, other formats only if the mapping declares them.
// No format is guessed: 03/04/2026 can be two different days.
import { calendarDay, isEmptyDate, isZeroDate, readInstant, readIso, timeOfDay } from '../mapping/values/instants.ts';
import { monthOfName } from '../mapping/values/month-names.ts';

/**
 * Returns epoch milliseconds; `empty` for a date that stands for none, such as 01/01/1970; null if
 * the text is not a date.
 */
export type ReadDate = (text: string) => number | 'empty' | null;

type ReadLocal = (text: string) => number | null;

type Part = 'year' | 'shortYear' | 'month' | 'monthName' | 'day' | 'hour' | 'hour12' | 'minute' | 'second' | 'half';

// A name in any language, with its dot: Mar, März, févr.
const MONTH_NAME = '[^\\d\\s.,/:-]{3,}\\.?';

const TOKENS: Readonly<Record<string, readonly [Part, string]>> = {
  yyyy: ['year', '\\d{4}'],
  yy: ['shortYear', '\\d{2}'],
  MMMM: ['monthName', MONTH_NAME],
  MMM: ['monthName', MONTH_NAME],
  MM: ['month', '\\d{2}'],
  M: ['month', '\\d{1,2}'],
  dd: ['day', '\\d{2}'],
  d: ['day', '\\d{1,2}'],
  HH: ['hour', '\\d{2}'],
  H: ['hour', '\\d{1,2}'],
  hh: ['hour12', '\\d{2}'],
  h: ['hour12', '\\d{1,2}'],
  mm: ['minute', '\\d{2}'],
  ss: ['second', '\\d{2}'],
  a: ['half', '[ap]m'],
};

/** The same format with the letters of Leadgrade: DD/MM/YYYY, mm/dd/yyyy and %d/%m/%Y are dd/MM/yyyy forms. */
export function proposedFormat(format: string): string {
  const plain = format.replace(/%([a-zA-Z])/g, (_, letter: string) => PERCENT[letter] ?? '');
  // TT.MM.JJJJ is German, jj/mm/aaaa French.
  const isGerman = /TT?\b/.test(plain);
  const local = isGerman
    ? plain.replace(/T/g, 'd').replace(/J/g, 'y')
    : plain.replace(/j/gi, 'd').replace(/aaaa/gi, 'yyyy');
  const lower = local.replace(/D/g, 'd').replace(/Y/g, 'y').replace(/S/g, 's');
  // Minutes follow an hour; other m are months.
  const months = lower.replace(/(?<!m|[Hh]{1,2}[:.])m{1,4}/g, (found) => found.toUpperCase());
  return dateFormatProblem(months) === null ? months : 'dd/MM/yyyy';
}

const PERCENT: Readonly<Record<string, string>> = {
  ...{ d: 'dd', m: 'MM', Y: 'yyyy', y: 'yy', b: 'MMM', B: 'MMMM', H: 'HH', I: 'hh', M: 'mm', S: 'ss', p: 'a' },
  ...{ e: 'd', T: 'HH:mm:ss', F: 'yyyy-MM-dd' },
};

/** Two formats that read one text as two days, such as dd/MM/yyyy and MM/dd/yyyy; null if there are none. */
export function ambiguousFormats(formats: readonly string[]): readonly [string, string] | null {
  for (const [index, format] of formats.entries()) {
    const other = formats.slice(index + 1).find((each) => {
      return shapeOf(each) === shapeOf(format) && orderOf(each) !== orderOf(format);
    });
    if (other !== undefined) return [format, other];
  }
  return null;
}

function shapeOf(format: string): string {
  return tokensOf(format)
    .map((token) => (/^(?:d|dd|M|MM|yy)$/.test(token) ? '#' : token))
    .join('');
}

function orderOf(format: string): string {
  return tokensOf(format)
    .flatMap((token) => TOKENS[token]?.[0] ?? [])
    .join(' ');
}

/** Says what is wrong with a declared format; null if it is valid. */
export function dateFormatProblem(format: string): string | null {
  const parts = tokensOf(format).map((token) => TOKENS[token]?.[0]);
  const unknown = tokensOf(format).find((token) => /[A-Za-z]/.test(token) && token !== 'T' && !TOKENS[token]);
  if (unknown !== undefined) return `"${unknown}" is none of ${Object.keys(TOKENS).join(', ')}`;
  const has = (...names: readonly Part[]) => parts.some((part) => part !== undefined && names.includes(part));
  if (!has('year', 'shortYear') || !has('month', 'monthName') || !has('day')) return 'it needs a year, month and day';
  if (has('hour12') !== has('half')) return 'h and hh need a (am or pm), and a needs one of them';
  if (new Set(parts.filter((part) => part !== undefined)).size !== parts.filter((part) => part !== undefined).length) {
    return 'a part appears twice';
  }
  return null;
}

/**
 * @param formats formats that the mapping declares; they are tried first
 * @param timeZone IANA name; the zone of texts without an offset
 */
export function dateReader(formats: readonly string[], timeZone: string): ReadDate {
  const readers = formats.map(compileFormat);
  const toUtc = zoneConverter(timeZone);
  const instantOf = (local: number, offset: number | null): number | 'empty' => {
    if (isEmptyDate(local)) return 'empty';
    return offset === null ? toUtc(local) : local - offset;
  };
  return (text) => {
    for (const read of readers) {
      const local = read(text);
      if (local !== null) return instantOf(local, null);
    }
    const iso = readIso(text);
    if (iso !== null) return instantOf(iso.local, iso.offset);
    return isZeroDate(text) ? 'empty' : readInstant(text);
  };
}

function tokensOf(format: string): readonly string[] {
  return format.match(/([A-Za-z])\1*|[^A-Za-z]+/g) ?? [];
}

/**
 * Returns a function that reads a local date and time as if it were UTC, in epoch milliseconds;
 * null for another format or a day that does not exist.
 */
function compileFormat(format: string): ReadLocal {
  const tokens = tokensOf(format);
  const parts = tokens.flatMap((token) => TOKENS[token]?.[0] ?? []);
  const pattern = tokens.map((token) => {
    const known = TOKENS[token];
    return known ? `(${known[1]})` : token.replace(/[^\w\s]/g, '\\$&');
  });
  const expression = new RegExp(`^${pattern.join('')}$`, 'i');
  return (text) => {
    const match = expression.exec(text);
    if (match === null) return null;
    return fromParts(new Map(parts.map((part, index) => [part, match[index + 1] ?? ''])));
  };
}

function fromParts(parts: ReadonlyMap<Part, string>): number | null {
  const number = (part: Part): number | undefined => {
    const text = parts.get(part);
    return text === undefined ? undefined : Number(text);
  };
  const year = number('year') ?? fullYear(number('shortYear') ?? 0);
  const month = number('month') ?? monthOfName(parts.get('monthName') ?? '') ?? 0;
  const hour = number('hour') ?? hourOfDay(number('hour12'), parts.get('half')?.toLowerCase() === 'pm');
  const date = calendarDay(year, month, number('day') ?? 0);
  const time = timeOfDay(hour, number('minute') ?? 0, number('second') ?? 0);
  return date === null || time === null ? null : date + time;
}

/** As POSIX reads two digits: 69 to 99 are the last century. */
function fullYear(twoDigits: number): number {
  return twoDigits < 69 ? 2000 + twoDigits : 1900 + twoDigits;
}

/** 12 am is 0, 12 pm is 12; an invalid hour becomes Infinity, which `fromParts` refuses. */
function hourOfDay(hour12: number | undefined, isAfternoon: boolean): number {
  if (hour12 === undefined) return 0;
  if (hour12 < 1 || hour12 > 12) return Infinity;
  return (hour12 % 12) + (isAfternoon ? 12 : 0);
}

// Earlier dates are placeholders for "no date", older than any time zone; `Date.UTC` also reads the
// years 0 to 99 as 1900 to 1999.
const FIRST_ZONED = Date.UTC(1000, 0);

/** Converts local time (as if it were UTC) to the instant. A skipped hour becomes the next hour. */
function zoneConverter(timeZone: string): (local: number) => number {
  if (timeZone === 'UTC') return (local) => local;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsetAt = (at: number): number => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    const [year, month, day] = [part('year'), part('month') - 1, part('day')];
    return Date.UTC(year, month, day, part('hour'), part('minute'), part('second')) - at;
  };
  return (local) => (local < FIRST_ZONED ? local : local - offsetAt(local - offsetAt(local)));
}
