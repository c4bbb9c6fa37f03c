// The dates of explanations are the local dates of the time zone.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dateIn } from '../../src/scoring/explanation/dates.ts';

// With offsets of half hours and days, and clocks that are set back at midnight or a minute later.
const ZONES = [
  ...['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia'],
  ...['America/St_Johns', 'America/Havana', 'Africa/Monrovia', 'Africa/Casablanca'],
];

function dateByIntl(timeZone: string, at: number): string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'short', year: 'numeric' });
  return format.format(at).replace('Sept', 'Sep');
}

test('a date is the one that Intl gives, for any instant and zone', () => {
  const instant = fc.integer({ min: Date.UTC(1970, 0), max: Date.UTC(2100, 11, 31) });
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), instant, (zone, at) => {
      expect(dateIn(zone)(at)).toBe(dateByIntl(zone, at));
    }),
    { numRuns: 500 },
  );
});

test('on the night on which the clocks are set back a minute after midnight, each minute has its own date', () => {
  const date = dateIn('America/St_Johns');
  // 02:31 UTC on 2 November 2008: 00:01 becomes 23:01 of the day before.
  for (let at = Date.UTC(2008, 10, 2, 2, 25); at < Date.UTC(2008, 10, 2, 4); at += 30_000) {
    expect(date(at)).toBe(dateByIntl('America/St_Johns', at));
  }
});

test('a time zone that does not exist is refused', () => {
  expect(() => dateIn('Mars/Olympus')).toThrow(RangeError);
});
