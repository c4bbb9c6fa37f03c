// Says in a sentence why a text is not read as a date. Called for texts that were refused, so that
// reading itself stays fast.
import { calendarDay, readIso } from './instants.ts';
import { monthOfName } from './month-names.ts';

export interface DateProblem {
  /** Follows the text: `looks like ...`. */
  readonly reason: string;
  /** A sentence; empty where the reason says it all. */
  readonly fix: string;
  /** Formats that read the text, for a mapping that can declare one. */
  readonly formats: readonly string[];
}

const DIGITS = /^-?\d+(?:\.\d+)?$/;
const DAY_MONTH = /^(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})([ T,]+.*)?$/;
// With what separates it from the day.
const TIME = /^([ ,T]+)(\d{1,2}):\d{2}(:\d{2})?( ?[ap]m)?$/i;
const DAY_NAME = /^(\d{1,2})([ .\-/]+)(\p{L}{3,})([ .,\-/]+)(\d{4}|\d{2})([ ,T].*)?$/u;
const NAME_DAY = /^(\p{L}{3,})\.? (\d{1,2})(,? )\d{4}([ ,T].*)?$/u;
const YEAR_FIRST = /^\d{4}([./])(\d{1,2})\1(\d{1,2})([ T,]+.*)?$/;
/** A spreadsheet shows 123456789012345678 as 1.23E+17, and writes that to the file. */
export const SHORTENED = /^\d(?:[.,]\d+)?E\+?\d+$/i;
const MONTH_ONLY = /^(?:\d{4}[-/.]\d{1,2}|\d{1,2}[-/.]\d{4}|\p{L}{3,}[- .]+\d{2,4})$/u;
const ISO_LIKE = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]([\d:.,]+) ?(.*))?$/;
const ZONE_NAME = /^(?:[A-Z]{2,5}|[A-Za-z]+\/[A-Za-z_/]+)$/;
const EXCEL_DAY_ZERO = Date.UTC(1899, 11, 30);
const DAY_MS = 86_400_000;
const CORRECT = 'Correct it, or empty it if there is no date.';

/** @param text a text that was not read as a date, trimmed */
export function dateProblem(text: string): DateProblem {
  if (DIGITS.test(text)) return numberProblem(text);
  const [, first, mark, second, year, time = ''] = DAY_MONTH.exec(text) ?? [];
  if (first !== undefined && mark !== undefined && second !== undefined && year !== undefined) {
    return dayMonthProblem({ first, second, year }, mark, timeFormat(time));
  }
  const named = namedMonthFormat(text);
  if (named !== null) return problem('has the name of the month', '', named === '' ? [] : [named]);
  const yearFirst = yearFirstFormat(text);
  if (yearFirst !== null) return problem('has the year first, and not as 2024-03-08', '', [yearFirst]);
  if (SHORTENED.test(text)) {
    return problem(
      'is a number that a spreadsheet has shortened',
      'Format the column as text or date, and export it again.',
    );
  }
  if (MONTH_ONLY.test(text)) return problem('has no day', 'Write a day: 2024-03-01.');
  const iso = ISO_LIKE.exec(text);
  return iso === null ? problem('is not a date that Leadgrade reads', 'Write it as 2024-03-08.') : isoProblem(iso);
}

/**
 * The format of 8 Mar 2024, 08-Mar-24 or March 8, 2024, with the names of months that formats know;
 * null for a text without one, empty for a text that no format reads.
 */
function namedMonthFormat(text: string): string | null {
  const [found, day = '', before = '', month = '', after = '', year = '', rest = ''] = DAY_NAME.exec(text) ?? [];
  if (found === undefined) return namedFirstFormat(text);
  const time = timeFormat(rest);
  if (monthOfName(month) === null) return null;
  if (time === null) return '';
  // MMM reads the dot of a short name, too.
  const between = after.replace(/^\. /, ' ');
  return `${day.length === 2 ? 'dd' : 'd'}${before}MMM${between}${year.length === 2 ? 'yy' : 'yyyy'}${time}`;
}

/** The format of March 8, 2024. */
function namedFirstFormat(text: string): string | null {
  const [found, month = '', day = '', comma = '', rest = ''] = NAME_DAY.exec(text) ?? [];
  if (found === undefined || monthOfName(month) === null) return null;
  const time = timeFormat(rest);
  return time === null ? '' : `MMM ${day.length === 2 ? 'dd' : 'd'}${comma}yyyy${time}`;
}

function yearFirstFormat(text: string): string | null {
  const [, mark, month = '', day = '', rest = ''] = YEAR_FIRST.exec(text) ?? [];
  const time = timeFormat(rest);
  if (mark === undefined || time === null) return null;
  return `yyyy${mark}${month.length === 2 ? 'MM' : 'M'}${mark}${day.length === 2 ? 'dd' : 'd'}${time}`;
}

/** For a date that was read, and whose year cannot be right. */
export function yearProblem(at: number): DateProblem {
  const year = new Date(at).getUTCFullYear();
  return problem(`has the year ${year}, which is too ${year < 2000 ? 'early' : 'late'} to be right`, CORRECT);
}

function numberProblem(text: string): DateProblem {
  const digits = text.replace(/^-|\..*$/g, '').length;
  const value = Number(text);
  if (digits >= 9 && digits <= 11) {
    const fix = 'Append three zeros (milliseconds), or write 2024-03-08T12:00:00Z.';
    return problem(
      `looks like a Unix time in seconds (${dayOf(value * 1000)}); milliseconds or ISO 8601 are read`,
      fix,
    );
  }
  if (digits === 5 && value > 20_000) {
    const day = dayOf(EXCEL_DAY_ZERO + value * DAY_MS);
    return problem(
      `looks like a date as Excel counts days (${day})`,
      'Format the column as a date, and export it again.',
    );
  }
  if (digits === 8) return problem('looks like a date without separators', '', ['yyyyMMdd']);
  if (digits === 14)
    return problem('looks like a date and time without separators', 'Write it as 2024-03-08T12:13:20Z.');
  if (digits === 16)
    return problem('looks like a Unix time in microseconds; milliseconds or ISO 8601 are read', removeDigits(3));
  if (digits === 19)
    return problem('looks like a Unix time in nanoseconds; milliseconds or ISO 8601 are read', removeDigits(6));
  return problem('is a number, not a date', 'Write it as 2024-03-08.');
}

function removeDigits(digits: number): string {
  return `Remove the last ${digits} digits.`;
}

/** The format of what follows the day; null if no format reads it. */
function timeFormat(time: string): string | null {
  if (time === '') return '';
  const [, mark, hour = '', seconds, half] = TIME.exec(time) ?? [];
  if (mark === undefined) return null;
  const letter = half === undefined ? 'H' : 'h';
  const tail = half === undefined ? '' : `${half.startsWith(' ') ? ' ' : ''}a`;
  return `${mark}${hour.length === 2 ? letter + letter : letter}:mm${seconds === undefined ? '' : ':ss'}${tail}`;
}

interface NumericDay {
  readonly first: string;
  readonly second: string;
  readonly year: string;
}

function dayMonthProblem({ first, second, year }: NumericDay, mark: string, time: string | null): DateProblem {
  const isPadded = first.length === 2 && second.length === 2;
  const [d, m, y] = [isPadded ? 'dd' : 'd', isPadded ? 'MM' : 'M', year.length === 2 ? 'yy' : 'yyyy'];
  const formats = (parts: readonly string[]) => (time === null ? [] : [parts.join(mark) + time]);
  const dayFirst = formats([d, m, y]);
  const monthFirst = formats([m, d, y]);
  const fix = time === null ? 'Write it as 2024-03-08T12:00:00Z, or remove what follows the minutes.' : '';
  const full = year.length === 2 ? 2000 + Number(year) : Number(year);
  const asDayFirst = calendarDay(full, Number(second), Number(first));
  const asMonthFirst = calendarDay(full, Number(first), Number(second));
  if (asDayFirst !== null && asMonthFirst !== null) {
    const reason =
      first === second ? 'does not show which is the month' : `can be ${dayOf(asDayFirst)} or ${dayOf(asMonthFirst)}`;
    return problem(reason, fix, [...dayFirst, ...monthFirst]);
  }
  if (asDayFirst !== null) return problem('has the day first', fix, dayFirst);
  if (asMonthFirst !== null) return problem('has the month first', fix, monthFirst);
  return problem('is not a day of the calendar', CORRECT);
}

function isoProblem([, year, month, day, time, rest = '']: readonly string[]): DateProblem {
  if (calendarDay(Number(year), Number(month), Number(day)) === null) {
    return problem('is not a day of the calendar', CORRECT);
  }
  if (time === undefined) return problem('lacks a zero before its month or day', '', ['yyyy-M-d']);
  if (readIso(`2000-01-01 ${time}`) === null) {
    return problem('has no such time of day', 'Write the time as 17:05 or 17:05:30.');
  }
  if (/^[ap]m$/i.test(rest)) {
    const seconds = time.split(':').length > 2 ? ':ss' : '';
    return problem('has am or pm', '', [`yyyy-MM-dd hh:mm${seconds} a`]);
  }
  if (ZONE_NAME.test(rest)) {
    return problem(
      `names the time zone ${rest}, which has no fixed offset here`,
      'Write the offset: +01:00, or Z for UTC.',
    );
  }
  if (rest !== '')
    return problem('has something after the time that is not an offset', 'Write the offset as +01:00 or Z.');
  return problem('has no offset, so that its time zone is unknown', 'Write it as 2024-03-08T12:00:00+01:00 or with Z.');
}

function problem(reason: string, fix: string, formats: readonly string[] = []): DateProblem {
  return { reason, fix, formats };
}

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

function dayOf(at: number): string {
  return DAY.format(at);
}
