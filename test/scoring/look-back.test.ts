// How far a model looks back, and that a lead scores the same without the activities that the nightly purge
// deletes.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Lead } from '../../src/domain/lead.ts';
import { type CompiledModel, compileModel } from '../../src/scoring/compile/compile.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { parseLead } from '../../src/scoring/lead-input/parse-lead.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { lookBackOf } from '../../src/scoring/time/look-back.ts';
import type { Json } from './naive-conditions.ts';
import { context, lead, model, NOW } from './random.ts';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 300);
const DAY = 86_400_000;

function compiled(value: Json): CompiledModel {
  const read = readModel(JSON.stringify(value), 'random.json');
  if (!read.model) throw new Error(JSON.stringify(read.problems));
  return compileModel(read.model);
}

function daysOf(signals: readonly Json[]): ReadonlyMap<string, number> {
  const bands = { bands: [{ id: 'last' }] };
  const { behavior } = compiled({ name: 'm', version: '1', behavior: { signals }, status: bands });
  return new Map([...lookBackOf(behavior.signals)].map(([type, ms]) => [type, ms / DAY]));
}

test.each([
  ['40 points that halve every 30 days', { activity: 'x', points: 40 }, 30 * Math.log2(40 / 1e-9)],
  [
    'five times -4 points that halve every 10 days',
    { activity: 'x', points: -4, max_count: 5, half_life: '10d' },
    10 * Math.log2(20 / 1e-9),
  ],
  ['points that fall to 0 in 90 days', { activity: 'x', points: 9, lifetime: '90d' }, 90],
  ['points that never decay', { activity: 'x', points: 9, half_life: 'none' }, Infinity],
  ['no points', { activity: 'x', points: 0 }, 0],
  ['tiers with a window of 60 days', { activity: 'x', window: '60d', tiers: [{ count: 1, points: 5 }] }, 60],
  ['the absence of an activity for 90 days', { absent: { activity: 'x', for: '90d' }, points: -10 }, 90],
] as const)('a model looks back as far as %s reach', (_what, signal, days) => {
  expect(daysOf([{ id: 's', ...signal }]).get('x')).toBeCloseTo(days, 6);
});

test('a model looks back as far as the signal of an activity type that reaches furthest', () => {
  const signals = [
    { id: 'a', activity: 'x', points: 9, lifetime: '90d' },
    { id: 'b', activity: 'x', points: 9, lifetime: '400d' },
    { id: 'c', absent: { activity: 'x', for: '30d', requires_activity: 'y' }, points: -1 },
  ];
  expect(daysOf(signals)).toEqual(
    new Map([
      ['x', 400],
      ['y', 0],
    ]),
  );
});

interface Purge {
  readonly now: number;
  readonly historyMs: number;
}

/** As src/store/retention/purge-lead-rows.ts: the latest one of each type from before the bound stays. */
function purged(all: Lead, { behavior }: CompiledModel, { now, historyMs }: Purge): Lead {
  const lookBack = lookBackOf(behavior.signals);
  const isOld = ({ type, at }: Lead['activities'][number]) => at < now - historyMs - (lookBack.get(type) ?? 0);
  const old = Map.groupBy(all.activities.filter(isOld), ({ type }) => type);
  const latest = new Set([...old.values()].map((ofType) => ofType.toSorted((a, b) => b.at - a.at)[0]));
  return { ...all, activities: all.activities.filter((activity) => !isOld(activity) || latest.has(activity)) };
}

/** Ages up to 20 years: activities from 100 days are spread over more. */
const agedLead = fc.tuple(lead, fc.constantFrom(1, 15, 73)).map(([value, factor]): Lead => {
  const parsed = parseLead(value);
  if ('error' in parsed) throw new Error(`${parsed.error.path}: ${parsed.error.message}`);
  const aged = parsed.lead.activities.map((activity) => ({ ...activity, at: NOW - (NOW - activity.at) * factor }));
  return { ...parsed.lead, activities: aged.toSorted((a, b) => a.at - b.at) };
});

test('a random lead has the same score, explanation and next change without the activities that are deleted, now, later and as of any day of the history', () => {
  let deleted = 0;
  fc.assert(
    fc.property(model, agedLead, context, fc.constantFrom(0, 400 * DAY), (m, all, given, historyMs) => {
      const rules = compiled(m);
      const left = purged(all, rules, { now: NOW, historyMs });
      if (left.activities.length < all.activities.length) deleted++;
      const next = scoreLead(all, rules, NOW, given).nextChangeAt ?? NOW;
      for (const at of [NOW - historyMs, NOW - historyMs / 2, NOW, next, NOW + 45 * DAY, NOW + 2_000 * DAY]) {
        const [before, after] = [all, left].map((each) => {
          const { nextChangeAt, contributions, behavior, ...result } = scoreLead(each, rules, at, given);
          // The signal of deleted activities is `unmatched`, not `matched` with 0 points.
          const lines = contributions
            .filter(({ points }) => points !== 0)
            .map(({ exact: _, count: __, ...line }) => line);
          const scored = { ...result, lines, score: behavior.score };
          const full = { ...result, nextChangeAt, contributions, behavior };
          return {
            scored,
            nextChangeAt,
            exact: behavior.exact,
            text: explain(full, each, rules, at, { timezone: 'UTC' }),
          };
        });
        expect(after?.scored).toEqual(before?.scored);
        expect(after?.text).toBe(before?.text);
        expect(Math.abs((after?.exact ?? 0) - (before?.exact ?? 0))).toBeLessThanOrEqual(1e-9);
        // The last digits of the exact points can move a crossing by a part of a second.
        expect(Math.abs((after?.nextChangeAt ?? 0) - (before?.nextChangeAt ?? 0))).toBeLessThanOrEqual(1_000);
      }
    }),
    { numRuns: RUNS },
  );
  expect(deleted).toBeGreaterThan(RUNS / 10);
});
