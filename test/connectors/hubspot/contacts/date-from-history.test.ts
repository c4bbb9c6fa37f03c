import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CounterEvent,
  dateCounter,
  MOST_OF_A_STEP,
  MOST_VERSIONS,
  type Version,
  valueAt,
} from '../../../../connectors/hubspot/contacts/date-from-history.ts';
import type { DatedCounter } from '../../../../src/domain/crm-changes.ts';

const NEVER = { dated: null, from: null, again: false, merges: [] };
const HOUR = 3_600_000;
const version = (at: number, value: number | string | null, sourceType = 'ANALYTICS'): Version => ({
  at,
  value: value === null ? null : String(value),
  sourceType,
});
/** `1@10` */
const brief = (things: readonly CounterEvent[]) => things.map(({ n, at }) => `${n}@${at}`);

/** A history of the given values, at 10, 20 ... */
const values = (...all: readonly (number | string)[]) => all.map((value, index) => version((index + 1) * 10, value));

/** Polls that each see the latest versions, as many as are kept. */
function polled(history: readonly Version[], ends: readonly number[], merges: readonly number[] = []) {
  const things: CounterEvent[] = [];
  let dated: DatedCounter | null = null;
  for (const end of [...ends, history.length]) {
    const seen = history.slice(0, end).slice(-MOST_VERSIONS);
    const found = dateCounter(seen.toReversed(), {
      ...NEVER,
      dated,
      merges: merges.filter((at) => at <= (seen.at(-1)?.at ?? 0)),
    });
    things.push(...found.things);
    dated = found.dated;
  }
  return { things, dated };
}

describe('dating what a counter counted', () => {
  test('a step from 1 to 3 is two things at the instant of the step; the last of them is the latest', () => {
    const { things, dated } = dateCounter(values(1, 3), NEVER);
    expect(brief(things)).toEqual(['1@10', '2@20', '3@20']);
    expect(things.map(({ latest }) => latest)).toEqual([true, false, true]);
    expect(dated).toEqual({ value: 3, n: 3, at: 20 });
  });

  test('what was dated is not dated again, and a counter that did not move gives nothing', () => {
    const { dated } = dateCounter(values(1, 3), NEVER);
    expect(brief(dateCounter(values(1, 3, 4), { ...NEVER, dated }).things)).toEqual(['4@30']);
    const idle = dateCounter(values(1, 3), { ...NEVER, dated });
    expect(idle).toEqual({ things: [], dated, problems: [] });
  });

  test('a history that was not written yet gives nothing, and all of it when it is', () => {
    const { things, dated } = dateCounter([], NEVER);
    expect(things).toEqual([]);
    expect(brief(dateCounter(values(2), { ...NEVER, dated }).things)).toEqual(['1@10', '2@10']);
  });

  test('after a fall the count goes on from there, under numbers that were never used', () => {
    const { things, dated } = dateCounter(values(3, 1, 2, ''), NEVER);
    expect(brief(things)).toEqual(['1@10', '2@10', '3@10', '4@30']);
    expect(dated).toEqual({ value: 0, n: 4, at: 40 });
    expect(brief(dateCounter(values(3, 1, 2, '', 1), { ...NEVER, dated }).things)).toEqual(['5@50']);
  });

  test('a jump by a merge is no thing, whatever it is called', () => {
    for (const source of ['MERGE_CONTACTS', 'MERGE_OBJECTS']) {
      const history = [version(10, 2), version(20, 9, source), version(30, 10)];
      expect(brief(dateCounter(history, NEVER).things)).toEqual(['1@10', '2@10', '3@30']);
      const { dated } = dateCounter(history.slice(0, 2), NEVER);
      expect(brief(dateCounter(history, { ...NEVER, dated }).things)).toEqual(['3@30']);
    }
  });

  test('what is counted anew within a day after a merge is no thing, though nothing says so; what follows is', () => {
    const history = [version(HOUR, 2), version(9 * HOUR, 9), version(10 * HOUR, 10)];
    const merges = [8 * HOUR];
    expect(brief(dateCounter(history, { ...NEVER, merges }).things)).toEqual([
      `1@${HOUR}`,
      `2@${HOUR}`,
      `3@${10 * HOUR}`,
    ]);
    const { dated } = dateCounter(history.slice(0, 1), NEVER);
    expect(brief(dateCounter(history, { ...NEVER, dated, merges }).things)).toEqual([`3@${10 * HOUR}`]);
  });

  test('a merge that says what it counted leaves the next view a view, and so does one a day ago that moved nothing', () => {
    const told = [version(HOUR, 2), version(2 * HOUR, 9, 'MERGE_CONTACTS'), version(3 * HOUR, 10)];
    for (const merge of [2 * HOUR, 2 * HOUR + 500]) {
      expect(brief(dateCounter(told, { ...NEVER, merges: [merge] }).things).at(-1)).toBe(`3@${3 * HOUR}`);
    }
    const still = [version(HOUR, 2), version(30 * HOUR, 3)];
    expect(brief(dateCounter(still, { ...NEVER, merges: [2 * HOUR] }).things).at(-1)).toBe(`3@${30 * HOUR}`);
  });

  test('a merge of the same instant comes after what was counted until then, in one poll or in two', () => {
    const history = [version(10, 1), version(20, 3), version(20, 8, 'MERGE_CONTACTS'), version(30, 9)];
    const whole = dateCounter(history, NEVER);
    expect(brief(whole.things)).toEqual(['1@10', '2@20', '3@20', '4@30']);
    for (const end of [1, 2, 3]) expect(brief(polled(history, [end]).things)).toEqual(brief(whole.things));
  });

  test('of several values of one instant the largest counts, also when it shows later', () => {
    const history = [version(10, 1), version(20, 4), version(20, 2)];
    expect(brief(dateCounter(history, NEVER).things)).toEqual(['1@10', '2@20', '3@20', '4@20']);
    expect(polled([version(10, 1), version(10, 3)], [1])).toMatchObject({ dated: { value: 3, n: 3, at: 10 } });
  });

  test('what is no count is passed over, and named without its value', () => {
    const { things, problems } = dateCounter(values(1, 'many', '1.5', '-2', 2), NEVER);
    expect(brief(things)).toEqual(['1@10', '2@50']);
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('many');
  });

  test('a history that was cut has no date for what lies before it', () => {
    const history = Array.from({ length: MOST_VERSIONS }, (_, index) => version(index * 10, 100 + index));
    const { things, dated } = dateCounter(history, NEVER);
    expect(things).toHaveLength(MOST_VERSIONS - 1);
    expect(brief(things)[0]).toBe('101@10');
    expect(dated).toMatchObject({ n: 119 });
  });

  test('what was counted in a gap has a number and no date', () => {
    const { dated } = dateCounter(values(1, 3), NEVER);
    const history = Array.from({ length: MOST_VERSIONS }, (_, index) => version(1000 + index * 10, 10 + index));
    const { things } = dateCounter(history, { ...NEVER, dated });
    expect(brief(things)[0]).toBe('11@1010');
    expect(things).toHaveLength(MOST_VERSIONS - 1);
  });

  test('things that are known from elsewhere only move the number', () => {
    const { things, dated } = dateCounter(values(1, 3, 4), { ...NEVER, from: 20 });
    expect(brief(things)).toEqual(['4@30']);
    expect(dated).toEqual({ value: 4, n: 4, at: 30 });
  });

  test('of a step that no person takes the latest are enough', () => {
    const { things, dated } = dateCounter(values(50_000), NEVER);
    expect(things).toHaveLength(MOST_OF_A_STEP);
    expect(things.at(-1)).toMatchObject({ n: 50_000, latest: true });
    expect(dated.n).toBe(50_000);
  });

  test('the latest value that was set by then is the one in force', () => {
    const history = [version(30, '/c'), version(10, '/a'), version(20, '/b')];
    expect([5, 10, 25, 99].map((at) => valueAt(history, at))).toEqual([null, '/a', '/b', '/c']);
  });
});

describe('for any history', () => {
  const step = fc.record({
    // Mostly up, now and then down, or set by a merge; now and then at the same instant.
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
  const short = fc.array(step, { maxLength: MOST_VERSIONS - 1 }).map(historyOf);
  const polls = fc.array(fc.nat(MOST_VERSIONS), { maxLength: 12 }).map((ends) => ends.toSorted((a, b) => a - b));

  test('read at once or in many polls, the same things have the same numbers and dates', () => {
    fc.assert(
      fc.property(short, polls, (history, ends) => {
        const whole = dateCounter(history, NEVER);
        const inPolls = polled(history, ends);
        expect(inPolls.things).toEqual(whole.things);
        expect(inPolls.dated).toEqual(whole.dated);
      }),
    );
  });

  test('polls that see every version show what a history without a cut would', () => {
    const long = fc.array(step, { minLength: 30, maxLength: 60 }).map(historyOf);
    fc.assert(
      fc.property(long, (history) => {
        const ends = Array.from({ length: Math.floor(history.length / 10) }, (_, index) => (index + 1) * 10);
        let value = 0;
        let n = 0;
        const expected = history.flatMap((each) => {
          const next = Number(each.value);
          const count = each.sourceType === 'ANALYTICS' ? Math.max(0, next - value) : 0;
          value = next;
          n += count;
          return Array.from({ length: count }, (_, index) => `${n - count + index + 1}@${each.at}`);
        });
        expect(brief(polled(history, ends).things)).toEqual(expected);
      }),
    );
  });

  test('no thing has two numbers and no number has two things', () => {
    const long = fc.array(step, { maxLength: 60 }).map(historyOf);
    fc.assert(
      fc.property(long, fc.array(fc.nat(60), { maxLength: 6 }), (history, ends) => {
        const { things } = polled(
          history,
          ends.toSorted((a, b) => a - b),
        );
        expect(new Set(things.map(({ n }) => n)).size).toBe(things.length);
      }),
    );
  });

  test('a merge counts for nothing, whether its jump says so or comes from any source within the day', () => {
    const rare = fc.array(step, { minLength: 1, maxLength: MOST_VERSIONS - 2 }).map((steps) => {
      return historyOf(steps).map((each) => ({ ...each, at: each.at * 48 * HOUR, sourceType: 'ANALYTICS' }));
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
          ...own.slice(before.length).map((each) => ({ ...each, value: String(Number(each.value) + jump) })),
        ];
        const told = dateCounter(history('MERGE_CONTACTS'), NEVER);
        const untold = history('ANALYTICS');
        expect(dateCounter(untold, { ...NEVER, merges: [merge] })).toEqual(told);
        const inPolls = polled(untold, ends, [merge]);
        expect(inPolls.things).toEqual(told.things);
        expect(inPolls.dated).toEqual(told.dated);
      }),
    );
  });

  test('dated again, what is still kept gets the numbers that it has', () => {
    fc.assert(
      fc.property(short, fc.nat(MOST_VERSIONS), (history, end) => {
        const first = polled(history, [end]);
        const again = dateCounter(history, { ...NEVER, dated: first.dated, again: true });
        expect(again.things).toEqual(first.things);
        expect(again.dated).toEqual(first.dated);
      }),
    );
    const long = fc.array(step, { minLength: 25, maxLength: 60 }).map(historyOf);
    fc.assert(
      fc.property(long, (history) => {
        const ends = Array.from({ length: Math.floor(history.length / 10) }, (_, index) => (index + 1) * 10);
        const first = polled(history, ends);
        const known = new Set(brief(first.things));
        const again = dateCounter(history.slice(-MOST_VERSIONS), { ...NEVER, dated: first.dated, again: true });
        expect(brief(again.things).filter((thing) => !known.has(thing))).toEqual([]);
      }),
    );
  });
});
