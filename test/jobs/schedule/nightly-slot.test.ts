import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { latestSlot, localDate } from '../../../jobs/schedule/nightly-slot.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ZONES = Intl.supportedValuesOf('timeZone');

function slots(cron: string, zone: string, from: string, to: string, stepMs = HOUR / 2) {
  const found = [];
  for (let now = Date.parse(from); now <= Date.parse(to); now += stepMs) {
    found.push(latestSlot(cron, zone, new Date(now)));
  }
  return found;
}

function dayAfter(date: string): string {
  return new Date(Date.parse(date) + DAY).toISOString().slice(0, 10);
}

function offsetsOf(zone: string): (at: number) => string | undefined {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  return (at) => format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value;
}

const CHANGING = ZONES.filter((zone) => {
  const offset = offsetsOf(zone);
  return offset(Date.UTC(2026, 0, 1)) !== offset(Date.UTC(2026, 6, 1));
});

/**
 * The instants of a year, to the hour, at which the clocks of a zone change; for a zone without
 * changes, any instant.
 */
function transitions(zone: string, year: number): readonly [number, ...number[]] {
  const offset = offsetsOf(zone);
  const [first = Date.UTC(year, 0, 10), ...others] = Array.from({ length: 52 }, (_, week) => {
    const day = Date.UTC(year, 0, 1 + 7 * week);
    return offset(day) === offset(day + 7 * DAY) ? null : day;
  }).flatMap((day) => {
    let at = day;
    while (at !== null && offset(at) === offset(at + HOUR)) at += HOUR;
    return at === null ? [] : [at];
  });
  return [first, ...others];
}

describe('the nightly slot', () => {
  test('is the latest slot up to and including the present second', () => {
    const now = (text: string) => latestSlot('0 2 * * *', 'Europe/Berlin', new Date(text));
    expect(now('2026-03-10T00:59:59Z')).toEqual({ date: '2026-03-09', at: new Date('2026-03-09T01:00:00Z') });
    expect(now('2026-03-10T01:00:00Z')).toEqual({ date: '2026-03-10', at: new Date('2026-03-10T01:00:00Z') });
  });

  test('in the hour that spring skips runs after the gap, on the same date', () => {
    const { date, at } = latestSlot('30 2 * * *', 'Europe/Berlin', new Date('2026-03-29T10:00:00Z'));
    expect(date).toBe('2026-03-29');
    expect(at.getTime()).toBeGreaterThanOrEqual(Date.parse('2026-03-29T01:00:00Z'));
    expect(at.getTime()).toBeLessThanOrEqual(Date.parse('2026-03-29T02:00:00Z'));
  });

  test('in the hour that autumn repeats runs once', () => {
    const found = slots('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z');
    expect([...new Set(found.map(({ date }) => date))]).toEqual(['2026-10-24', '2026-10-25', '2026-10-26']);
  });

  test('exists on a leap day', () => {
    const found = slots('0 2 * * *', 'UTC', '2028-02-28T12:00:00Z', '2028-03-01T12:00:00Z');
    expect([...new Set(found.map(({ date }) => date))]).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
  });

  test.each(['Africa/Cairo', 'Asia/Beirut', 'America/Havana', 'America/Santiago'])(
    'at midnight exists in %s on the day on which spring skips midnight',
    (zone) => {
      for (const at of transitions(zone, 2026)) expectOnceADate('0 0 * * *', zone, at, 3 * HOUR);
    },
  );

  test('exists once per local date in every time zone, around every change of the clocks', () => {
    expect(CHANGING.length).toBeGreaterThan(100);
    const property = fc.property(
      fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...CHANGING) }, fc.constantFrom(...ZONES)),
      fc.record({ year: fc.integer({ min: 2025, max: 2027 }), nth: fc.integer({ min: 0, max: 1 }) }),
      fc.record({ hour: fc.integer({ min: 0, max: 3 }), minute: fc.constantFrom(0, 30) }),
      fc.integer({ min: 0, max: 179 }),
      (zone, { year, nth }, { hour, minute }, shift) => {
        const [first, second = first] = transitions(zone, year);
        const at = (nth === 0 ? first : second) + shift * 60_000;
        expectOnceADate(`${minute} ${hour} * * *`, zone, at, 3 * HOUR);
      },
    );
    fc.assert(property, { numRuns: 100 });
  });
});

/** Checks the latest slot every `stepMs`, from two days before `at` to two days after. */
function expectOnceADate(cron: string, zone: string, at: number, stepMs: number): void {
  let previous: string | null = null;
  for (let now = at - 2 * DAY; now <= at + 2 * DAY; now += stepMs) {
    const slot = latestSlot(cron, zone, new Date(now));
    expect(slot.at.getTime()).toBeLessThanOrEqual(now);
    expect(now - slot.at.getTime()).toBeLessThanOrEqual(26 * HOUR);
    expect(localDate(slot.at, zone)).toBe(slot.date);
    if (previous !== null && previous !== slot.date) expect(slot.date).toBe(dayAfter(previous));
    previous = slot.date;
  }
}
