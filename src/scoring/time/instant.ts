// Parses instants and dates of leads and options. A text without an offset is refused: the time
// zone is never guessed. Digits are read by their place, as every lead has dates and an expression is
// ten times slower.

const DAY = 86_400_000;
const DATE_LENGTH = '2026-11-01'.length;

/**
 * @param text an RFC 3339 instant (`2026-11-01T09:30:00.5+02:00`); fractions are cut to
 *   milliseconds
 * @returns epoch milliseconds; null for any other text
 */
export function parseInstant(text: string): number | null {
  const midnight = dateAt(text);
  const [hour, minute, second] = [digitsAt(text, 11, 2), digitsAt(text, 14, 2), digitsAt(text, 17, 2)];
  if (midnight === null || !isAt(text, 10, 'T', 't') || !isAt(text, 13, ':') || !isAt(text, 16, ':')) return null;
  // RFC 3339 5.6 allows second 60 (a leap second); it is read as the next second.
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return null;
  const fractionEnd = isAt(text, 19, '.') ? endOfDigits(text, 20) : 19;
  const offset = offsetAt(text, fractionEnd);
  if (offset === null || fractionEnd === 20) return null;
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000 + millisecondAt(text, 20, fractionEnd) - offset;
}

/**
 * @param text an RFC 3339 instant, or a date (`2026-11-01`, midnight UTC)
 * @returns epoch milliseconds; null for any other text
 */
export function parseInstantOrDate(text: string): number | null {
  return text.length === DATE_LENGTH ? dateAt(text) : parseInstant(text);
}

/** Midnight UTC of the date with which the text begins; null if it begins with none. */
function dateAt(text: string): number | null {
  const [year, month, day] = [digitsAt(text, 0, 4), digitsAt(text, 5, 2), digitsAt(text, 8, 2)];
  if (!isAt(text, 4, '-') || !isAt(text, 7, '-')) return null;
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return null;
  return daysUntil(year, month, day) * DAY;
}

/** The days from 1 January 1970, in the Gregorian calendar. */
function daysUntil(year: number, month: number, day: number): number {
  // Years begin in March here, so that the leap day is the last one.
  const years = month > 2 ? year : year - 1;
  const ofMonths = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5);
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return years * 365 + leapDays + ofMonths + day - 1 - 719_468;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** `Z` or `+02:00` at the end of the text, in milliseconds; null for any other end. */
function offsetAt(text: string, index: number): number | null {
  if (isAt(text, index, 'Z', 'z')) return text.length === index + 1 ? 0 : null;
  const [hour, minute] = [digitsAt(text, index + 1, 2), digitsAt(text, index + 4, 2)];
  if (text.length !== index + 6 || !isAt(text, index, '+', '-') || !isAt(text, index + 3, ':')) return null;
  if (!(hour <= 23 && minute <= 59)) return null;
  return (hour * 60 + minute) * (isAt(text, index, '-') ? -60_000 : 60_000);
}

function millisecondAt(text: string, start: number, end: number): number {
  let millisecond = 0;
  for (let index = start; index < start + 3; index++) {
    millisecond = millisecond * 10 + (index < end ? digitsAt(text, index, 1) : 0);
  }
  return millisecond;
}

function endOfDigits(text: string, start: number): number {
  let end = start;
  while (digitsAt(text, end, 1) >= 0) end++;
  return end;
}

/** The number that these characters write; NaN if one is not an ASCII digit. */
function digitsAt(text: string, start: number, count: number): number {
  let number = 0;
  for (let index = start; index < start + count; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

function isAt(text: string, index: number, character: string, other = character): boolean {
  const code = text.charCodeAt(index);
  return code === character.charCodeAt(0) || code === other.charCodeAt(0);
}
