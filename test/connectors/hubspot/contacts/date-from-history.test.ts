import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MIN_STORED_VERSIONS, type Version, valueAt } from '../../../../connectors/hubspot/contacts/counter-history.ts';
import {
  type CounterEvent,
  dateCounter,
  MAX_EVENTS_PER_STEP,
} from '../../../../connectors/hubspot/contacts/date-from-history.ts';
import type { DatedCounter } from '../../../../src/domain/crm-changes.ts';

const NEVER = { dated: null, from: null, redate: false, merges: [] };
const HOUR = 3_600_000;
const version = (at: number, value: number | string | null, sourceType = 'ANALYTICS'): Version => ({
  at,
  value: value === null ? null : String(value),
  sourceType,
});
/** `1@10` */
const brief = (events: readonly CounterEvent[]) => events.map(({ number, at }) => `${number}@${at}`);

/** A history of the given values, at 10, 20, ... */
const values = (...all: readonly (number | string)[]) => all.map((value, index) => version((index + 1) * 10, value));

/**
 * Dates the history in several polls; each poll reads the latest versions, as many as HubSpot
 * stores.
 */
function polled(history: readonly Version[], ends: readonly number[], merges: readonly number[] = []) {
  const events: CounterEvent[] = [];
  let dated: DatedCounter | null = null;
  for (const end of [...ends, history.length]) {
    const stored = history.slice(0, end).slice(-MIN_STORED_VERSIONS);
    const found = dateCounter(stored.toReversed(), {
      ...NEVER,
      dated,
      merges: merges.filter((at) => at <= (stored.at(-1)?.at ?? 0)),
    });
    events.push(...found.events);
    dated = found.dated;
  }
  return { events, dated };
}

describe('dating a counter by its history:', () => {
  test('a step from 1 to 3 gives two events at the instant of the step, and the second one is the latest', () => {
    const { events, dated } = dateCounter(values(1, 3), NEVER);
    expect(brief(events)).toEqual(['1@10', '2@20', '3@20']);
    expect(events.map(({ isLatest }) => isLatest)).toEqual([true, false, true]);
    expect(dated).toEqual({ value: 3, lastNumber: 3, datedAt: 20 });
  });

  test('a dated event is not dated again, and an unchanged counter gives no events', () => {
    const { dated } = dateCounter(values(1, 3), NEVER);
    expect(brief(dateCounter(values(1, 3, 4), { ...NEVER, dated }).events)).toEqual(['4@30']);
    const idle = dateCounter(values(1, 3), { ...NEVER, dated });
    expect(idle).toEqual({ events: [], dated, problems: [] });
  });

  test('an empty history gives no events, and a later poll gives all of them', () => {
    const { events, dated } = dateCounter([], NEVER);
    expect(events).toEqual([]);
    expect(brief(dateCounter(values(2), { ...NEVER, dated }).events)).toEqual(['1@10', '2@10']);
  });

  test('after a fall the count continues from the lower value, with numbers that were never used', () => {
    const { events, dated } = dateCounter(values(3, 1, 2, ''), NEVER);
    expect(brief(events)).toEqual(['1@10', '2@10', '3@10', '4@30']);
    expect(dated).toEqual({ value: 0, lastNumber: 4, datedAt: 40 });
    expect(brief(dateCounter(values(3, 1, 2, '', 1), { ...NEVER, dated }).events)).toEqual(['5@50']);
  });

  test('a jump that a merge sets gives no events, for both source types of a merge', () => {
    for (const source of ['MERGE_CONTACTS', 'MERGE_OBJECTS']) {
      const history = [version(10, 2), version(20, 9, source), version(30, 10)];
      expect(brief(dateCounter(history, NEVER).events)).toEqual(['1@10', '2@10', '3@30']);
      const { dated } = dateCounter(history.slice(0, 2), NEVER);
      expect(brief(dateCounter(history, { ...NEVER, dated }).events)).toEqual(['3@30']);
    }
  });

  test('the first jump within a day after a merge gives no events from any source, and later steps do', () => {
    const history = [version(HOUR, 2), version(9 * HOUR, 9), version(10 * HOUR, 10)];
    const merges = [8 * HOUR];
    expect(brief(dateCounter(history, { ...NEVER, merges }).events)).toEqual([
      `1@${HOUR}`,
      `2@${HOUR}`,
      `3@${10 * HOUR}`,
    ]);
    const { dated } = dateCounter(history.slice(0, 1), NEVER);
    expect(brief(dateCounter(history, { ...NEVER, dated, merges }).events)).toEqual([`3@${10 * HOUR}`]);
  });

  test('after a merge that set its own value, or that is more than a day ago, the next step is an event', () => {
    const merged = [version(HOUR, 2), version(2 * HOUR, 9, 'MERGE_CONTACTS'), version(3 * HOUR, 10)];
    for (const merge of [2 * HOUR, 2 * HOUR + 500]) {
      expect(brief(dateCounter(merged, { ...NEVER, merges: [merge] }).events).at(-1)).toBe(`3@${3 * HOUR}`);
    }
    const unchanged = [version(HOUR, 2), version(30 * HOUR, 3)];
    expect(brief(dateCounter(unchanged, { ...NEVER, merges: [2 * HOUR] }).events).at(-1)).toBe(`3@${30 * HOUR}`);
  });

  test('a merge comes after the steps of the same instant, in one poll or in two', () => {
    const history = [version(10, 1), version(20, 3), version(20, 8, 'MERGE_CONTACTS'), version(30, 9)];
    const whole = dateCounter(history, NEVER);
    expect(brief(whole.events)).toEqual(['1@10', '2@20', '3@20', '4@30']);
    for (const end of [1, 2, 3]) expect(brief(polled(history, [end]).events)).toEqual(brief(whole.events));
  });

  test('the largest of several values of one instant counts, even if it appears later', () => {
    const history = [version(10, 1), version(20, 4), version(20, 2)];
    expect(brief(dateCounter(history, NEVER).events)).toEqual(['1@10', '2@20', '3@20', '4@20']);
    expect(polled([version(10, 1), version(10, 3)], [1])).toMatchObject({
      dated: { value: 3, lastNumber: 3, datedAt: 10 },
    });
  });

  test('an invalid count is skipped and reported without its value', () => {
    const { events, problems } = dateCounter(values(1, 'many', '1.5', '-2', 2), NEVER);
    expect(brief(events)).toEqual(['1@10', '2@50']);
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('many');
  });

  test('the events before the start of a truncated history are numbered and not returned', () => {
    const history = Array.from({ length: MIN_STORED_VERSIONS }, (_, index) => version(index * 10, 100 + index));
    const { events, dated } = dateCounter(history, NEVER);
    expect(events).toHaveLength(MIN_STORED_VERSIONS - 1);
    expect(brief(events)[0]).toBe('101@10');
    expect(dated).toMatchObject({ lastNumber: 119 });
  });

  test('the events in a gap between two polls are numbered and not returned', () => {
    const { dated } = dateCounter(values(1, 3), NEVER);
    const history = Array.from({ length: MIN_STORED_VERSIONS }, (_, index) => version(1000 + index * 10, 10 + index));
    const { events } = dateCounter(history, { ...NEVER, dated });
    expect(brief(events)[0]).toBe('11@1010');
    expect(events).toHaveLength(MIN_STORED_VERSIONS - 1);
  });

  test('events up to `from`, which another stream lists, are numbered and not returned', () => {
    const { events, dated } = dateCounter(values(1, 3, 4), { ...NEVER, from: 20 });
    expect(brief(events)).toEqual(['4@30']);
    expect(dated).toEqual({ value: 4, lastNumber: 4, datedAt: 30 });
  });

  test('a step of 50,000 gives only its latest events, with their numbers', () => {
    const { events, dated } = dateCounter(values(50_000), NEVER);
    expect(events).toHaveLength(MAX_EVENTS_PER_STEP);
    expect(events.at(-1)).toMatchObject({ number: 50_000, isLatest: true });
    expect(dated.lastNumber).toBe(50_000);
  });

  test('the value at an instant is the latest version up to then', () => {
    const history = [version(30, '/c'), version(10, '/a'), version(20, '/b')];
    expect([5, 10, 25, 99].map((at) => valueAt(history, at))).toEqual([null, '/a', '/b', '/c']);
  });
});

describe('for any history of a counter,', () => {
  const step = fc.record({
    // Mostly up, sometimes down, or set by a merge.
    change: fc.oneof({ weight: 6, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.integer({ min: -5, max: -1 }) }),
    merge: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    later: fc.integer({ min: 1, max: 5 }),
  });
  const historyOf = (steps: readonly { change: number; merge: boolean; later: number }[]) => {
    let value = 0;
    let at = 0;
    return steps.map(({ change, merge, later }) => {
      value = Math.max(0, value + change);
      at += later;
      return version(at, value, merge ? 'MERGE_CONTACTS' : 'ANALYTICS');
    });
  };
  const short = fc.array(step, { maxLength: MIN_STORED_VERSIONS - 1 }).map(historyOf);
  const polls = fc.array(fc.nat(MIN_STORED_VERSIONS), { maxLength: 12 }).map((ends) => ends.toSorted((a, b) => a - b));

  test('one poll and many polls give the same events with the same numbers and dates', () => {
    fc.assert(
      fc.property(short, polls, (history, ends) => {
        const whole = dateCounter(history, NEVER);
        const inPolls = polled(history, ends);
        expect(inPolls.events).toEqual(whole.events);
        expect(inPolls.dated).toEqual(whole.dated);
      }),
    );
  });

  test('polls that read every version give the events of the complete history', () => {
    const long = fc.array(step, { minLength: 30, maxLength: 60 }).map(historyOf);
    fc.assert(
      fc.property(long, (history) => {
        const ends = Array.from({ length: Math.floor(history.length / 10) }, (_, index) => (index + 1) * 10);
        let value = 0;
        let last = 0;
        const expected = history.flatMap(({ value: text, at, sourceType }) => {
          const next = Number(text);
          const count = sourceType === 'ANALYTICS' ? Math.max(0, next - value) : 0;
          value = next;
          last += count;
          return Array.from({ length: count }, (_, index) => `${last - count + index + 1}@${at}`);
        });
        expect(brief(polled(history, ends).events)).toEqual(expected);
      }),
    );
  });

  test('every event of many polls has a number of its own', () => {
    const long = fc.array(step, { maxLength: 60 }).map(historyOf);
    fc.assert(
      fc.property(long, fc.array(fc.nat(60), { maxLength: 6 }), (history, ends) => {
        const { events } = polled(
          history,
          ends.toSorted((a, b) => a - b),
        );
        expect(new Set(events.map(({ number }) => number)).size).toBe(events.length);
      }),
    );
  });

  test('a merge gives no events, whether its jump has the source of a merge or comes from any source within a day', () => {
    const rare = fc.array(step, { minLength: 1, maxLength: MIN_STORED_VERSIONS - 2 }).map((steps) => {
      return historyOf(steps).map(({ value, at }) => ({ value, at: at * 48 * HOUR, sourceType: 'ANALYTICS' }));
    });
    const merging = fc.record({ after: fc.nat(), jump: fc.integer({ min: 1, max: 9 }), late: fc.nat(23) });
    fc.assert(
      fc.property(rare, merging, polls, (own, { after, jump, late }, ends) => {
        const before = own.slice(0, after % (own.length + 1));
        const merge = (before.at(-1)?.at ?? 0) + HOUR;
        const jumped = Number(before.at(-1)?.value ?? 0) + jump;
        const history = (sourceType: string) => [
          ...before,
          version(merge + late * HOUR, jumped, sourceType),
          ...own.slice(before.length).map((next) => ({ ...next, value: String(Number(next.value) + jump) })),
        ];
        const expected = dateCounter(history('MERGE_CONTACTS'), NEVER);
        const fromAnySource = history('ANALYTICS');
        expect(dateCounter(fromAnySource, { ...NEVER, merges: [merge] })).toEqual(expected);
        const inPolls = polled(fromAnySource, ends, [merge]);
        expect(inPolls.events).toEqual(expected.events);
        expect(inPolls.dated).toEqual(expected.dated);
      }),
    );
  });

  test('dating again gives the stored versions the numbers that their events already have', () => {
    fc.assert(
      fc.property(short, fc.nat(MIN_STORED_VERSIONS), (history, end) => {
        const first = polled(history, [end]);
        const again = dateCounter(history, { ...NEVER, dated: first.dated, redate: true });
        expect(again.events).toEqual(first.events);
        expect(again.dated).toEqual(first.dated);
      }),
    );
    const long = fc.array(step, { minLength: 25, maxLength: 60 }).map(historyOf);
    fc.assert(
      fc.property(long, (history) => {
        const ends = Array.from({ length: Math.floor(history.length / 10) }, (_, index) => (index + 1) * 10);
        const first = polled(history, ends);
        const known = new Set(brief(first.events));
        const again = dateCounter(history.slice(-MIN_STORED_VERSIONS), { ...NEVER, dated: first.dated, redate: true });
        expect(brief(again.events).filter((event) => !known.has(event))).toEqual([]);
      }),
    );
  });
});
