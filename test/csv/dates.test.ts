import { expect, test } from 'vitest';
import { dateFormatProblem, dateReader } from '../../src/csv/dates.ts';

const read = (text: string, formats: string[] = [], zone = 'UTC') => {
  const at = dateReader(formats, zone)(text);
  return typeof at === 'number' ? new Date(at).toISOString() : at;
};

test.each([
  ['2026-03-04', '2026-03-04T00:00:00.000Z'],
  ['2026-03-04 05:06', '2026-03-04T05:06:00.000Z'],
  ['2026-03-04T05:06:07', '2026-03-04T05:06:07.000Z'],
  ['2026-03-04T05:06:07.5+02:00', '2026-03-04T03:06:07.500Z'],
  ['2026-03-04 05:06:07.123', '2026-03-04T05:06:07.123Z'],
  ['2026-03-04 05:06:07 UTC', '2026-03-04T05:06:07.000Z'],
  ['2026-03-04 24:00', '2026-03-05T00:00:00.000Z'],
])('the ISO 8601 date %s is read without a declared format', (text, instant) => expect(read(text)).toBe(instant));

test.each([
  ['04/03/2026', 'dd/MM/yyyy', '2026-03-04T00:00:00.000Z'],
  ['3/4/26', 'M/d/yy', '2026-03-04T00:00:00.000Z'],
  ['3/4/98', 'M/d/yy', '1998-03-04T00:00:00.000Z'],
  ['4. Mar 2026', 'd. MMM yyyy', '2026-03-04T00:00:00.000Z'],
  ['04.03.2026 17:05', 'dd.MM.yyyy HH:mm', '2026-03-04T17:05:00.000Z'],
  ['03/04/2026 12:05 AM', 'MM/dd/yyyy hh:mm a', '2026-03-04T00:05:00.000Z'],
  ['20260304', 'yyyyMMdd', '2026-03-04T00:00:00.000Z'],
])('the date %s is read with the declared format %s', (text, format, instant) => {
  expect(read(text, [format])).toBe(instant);
});

test.each(['03/04/2026', '2026-02-30', '2026-02-30T10:00:00Z', '2026-13-01', 'yesterday', '46085'])(
  'the text "%s" is not a valid date without a declared format',
  (text) => expect(read(text)).toBeNull(),
);

test.each(['31/04/2026', '4/3/2026', '04/03/2026 10:00', '04/03/20261'])(
  'the text "%s" is not a valid date of the format dd/MM/yyyy',
  (text) => expect(read(text, ['dd/MM/yyyy'])).toBeNull(),
);

test('a date without an offset is in the declared time zone, in summer and winter', () => {
  expect(read('2026-01-15 12:00', [], 'Europe/Berlin')).toBe('2026-01-15T11:00:00.000Z');
  expect(read('15/07/2026', ['dd/MM/yyyy'], 'Europe/Berlin')).toBe('2026-07-14T22:00:00.000Z');
  expect(read('2026-07-15', [], 'America/New_York')).toBe('2026-07-15T04:00:00.000Z');
  expect(read('2026-07-15T12:00:00Z', [], 'America/New_York')).toBe('2026-07-15T12:00:00.000Z');
});

test.each([
  ['DD/MM/YYYY', 'DD'],
  ['MM/yyyy', 'day'],
  ['dd/MM/yyyy hh:mm', 'a'],
  ['dd/dd/MM/yyyy', 'twice'],
])('the date format %s is refused', (format, word) => expect(dateFormatProblem(format)).toContain(word));

test.each(['0001-01-01', '01/01/0001', '1970-01-01', '30/12/1899', '0000-00-00', '31/12/9999', '0'])(
  'the date "%s" stands for none, whatever the time zone',
  (text) => {
    expect(read(text, ['dd/MM/yyyy'], 'Europe/Berlin')).toBe('empty');
    expect(read(text, ['dd/MM/yyyy'], 'America/New_York')).toBe('empty');
  },
);
