// Parsing of instants, dates and durations. An ambiguous text is refused, not guessed.
import { expect, test } from 'vitest';
import { parseDuration } from '../../src/scoring/duration.ts';
import { parseInstant, parseInstantOrDate } from '../../src/scoring/instant.ts';

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
