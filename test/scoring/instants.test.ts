// Parsing of instants, dates and durations. An ambiguous text is refused, not guessed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDuration } from '../../src/scoring/time/duration.ts';
import { parseInstant, parseInstantOrDate } from '../../src/scoring/time/instant.ts';

test.each([
  ['2026-11-01T00:00:00Z', '2026-11-01T00:00:00.000Z'],
  ['2026-11-01T02:30:00+02:30', '2026-11-01T00:00:00.000Z'],
  ['2026-10-31t19:00:00.9999-05:00', '2026-11-01T00:00:00.999Z'],
  ['2024-02-29T00:00:00.5z', '2024-02-29T00:00:00.500Z'],
  ['0050-01-01T00:00:00Z', '0050-01-01T00:00:00.000Z'],
  ['1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z'],
])('the instant %s is parsed as %s', (text, iso) => {
  expect(new Date(parseInstant(text) ?? Number.NaN).toISOString()).toBe(iso);
});

test.each([
  '2026-11-01',
  '2026-11-01T00:00:00',
  '2026-02-30T00:00:00Z',
  '2026-11-01T24:00:00Z',
  '2026-11-01T00:00Z',
  'yesterday',
  '',
])('the text "%s" is not a valid instant', (text) => {
  expect(parseInstant(text)).toBeNull();
});

test('a date is parsed as its midnight in UTC', () => {
  expect(parseInstantOrDate('2026-11-01')).toBe(Date.UTC(2026, 10, 1));
  expect(parseInstantOrDate('2026-13-01')).toBeNull();
});

const INSTANT = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d+))?(?:Z|([+-]\d{2}:\d{2}))$/i;

/** By an expression and the clock of JavaScript, which reads days and offsets that do not exist. */
function referenceInstant(text: string): number | null {
  const [, date = '', time = '', fraction = '', offset = '+00:00'] = INSTANT.exec(text) ?? [];
  const midnight = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== date) return null;
  const [hour = 24, minute = 60, second = 61] = time.split(':').map(Number);
  const [offsetHour = 24, offsetMinute = 60] = offset.slice(1).split(':').map(Number);
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return null;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const ahead = (offsetHour * 60 + offsetMinute) * (offset.startsWith('-') ? -60_000 : 60_000);
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds - ahead;
}

test('random texts that look like instants are parsed as by an expression', () => {
  const digits = (max: number, length: number) => fc.nat(max).map((each) => String(each).padStart(length, '0'));
  const date = fc.tuple(digits(9999, 4), digits(14, 2), digits(33, 2)).map((parts) => parts.join('-'));
  const time = fc.tuple(digits(25, 2), digits(61, 2), digits(62, 2)).map((parts) => parts.join(':'));
  const fraction = fc.constantFrom('', '', '.5', '.', '.1239', '.12x');
  const offset = fc.constantFrom('Z', 'z', '+02:00', '-11:59', '+24:00', '+0200', '', '-00:61', 'Z ');
  const text = fc.tuple(date, fc.constantFrom('T', 't', ' '), time, fraction, offset).map((parts) => parts.join(''));
  const damaged = fc.tuple(text, fc.nat(28), fc.constantFrom('', 'x', '0', '-', '\u0661')).map(([whole, at, other]) => {
    return whole.slice(0, at) + other + whole.slice(at + 1);
  });
  fc.assert(
    fc.property(fc.oneof(text, damaged), (each) => {
      expect(parseInstant(each)).toBe(referenceInstant(each));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['30d', 2_592_000_000],
  ['1.1d', 95_040_000],
  ['90m', 5_400_000],
  ['0.5h', 1_800_000],
  ['2w', 1_209_600_000],
  ['10s', 10_000],
  ['0d', null],
  ['-1d', null],
  ['30 d', null],
  ['30', null],
  ['1M', null],
  ['.5d', null],
])('the duration "%s" is parsed as %s ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});
