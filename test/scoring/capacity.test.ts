// Bands with a capacity (`capacity: 60 per week`): which leads arrive at a level of points, the threshold at which as
// many arrive as wanted, and leads that a moved threshold neither lets in nor out.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Lead } from '../../src/domain/lead.ts';
import type { EarlierScore } from '../../src/domain/score-result.ts';
import { arrivalsAt, arrivalsOf, type PointsPath, thresholdForArrivals } from '../../src/scoring/capacity/arrivals.ts';
import { guessCapacity, parseCapacity } from '../../src/scoring/capacity/capacity.ts';
import { capacityLine } from '../../src/scoring/capacity/capacity-texts.ts';
import { pointsPath } from '../../src/scoring/capacity/points-path.ts';
import { scoreLead, scoreLeadOnly } from '../../src/scoring/score-lead.ts';
import { DAY, did, leadOf, modelWith, NOW } from './build.ts';

test.each([
  ['60 per week', 60],
  ['2 per day', 14],
  ['60 per month', 13.8],
  ['0 per week', null],
  ['60', null],
  ['60 per year', null],
])('the capacity "%s" is %s leads a week', (text, perWeek) => {
  const parsed = parseCapacity(text);
  expect(parsed === null ? null : Math.round(parsed * 10) / 10).toBe(perWeek);
});

test.each([
  ['60/week', '60 per week'],
  ['60 leads a week', '60 per week'],
  ['5 daily', '5 per day'],
  ['many', null],
])('a capacity written as "%s" is proposed as %s', (text, meant) => {
  expect(guessCapacity(text)).toBe(meant);
});

/** One step a day. */
const path = (start: number | null, ...points: readonly number[]): PointsPath => {
  return { start, steps: points.map((each, day) => ({ at: day * DAY, points: each })) };
};
const levelsOf = (ranges: ReturnType<typeof arrivalsOf>) =>
  Array.from({ length: 141 }, (_, index) => index - 100).filter((level) => arrivalsAt(ranges, level) > 0);

test.each([
  ['rises from 10 to 30', path(10, 30), 0, [11, 30]],
  ['is new with 20', path(null, 20), 0, [-100, 20]],
  ['goes up, down and up again in a week, which counts once', path(10, 30, 5, 30), 0, [6, 30]],
  ['falls', path(30, 10), 0, []],
  ['falls by less than the hysteresis and comes back', path(30, 27, 30), 5, []],
  ['falls by more than the hysteresis and comes back', path(30, 20, 30), 5, [26, 30]],
  ['falls, comes back in part and then reaches more', path(30, 20, 24, 35), 5, [26, 35]],
])('a lead that %s arrives at the levels between its lowest and its highest', (_what, given, slack, ends) => {
  const ranges = arrivalsOf(given, slack);
  const levels = levelsOf(ranges);
  expect(levels.length === 0 ? [] : [levels[0], levels.at(-1)]).toEqual(ends);
  expect(levels.every((level) => arrivalsAt(ranges, level) === 1)).toBe(true);
});

test('a lead that comes back in another week arrives again', () => {
  const steps = [
    { at: 0, points: 30 },
    { at: 5 * DAY, points: 0 },
    { at: 8 * DAY, points: 30 },
  ];
  expect(arrivalsAt(arrivalsOf({ start: 0, steps }, 0), 20)).toBe(2);
});

test('a lead arrives at a level as often as there are weeks in which it enters a band from there, with the hysteresis of the band', () => {
  const points = fc.integer({ min: -5, max: 40 });
  const steps = fc.array(fc.record({ at: fc.integer({ min: 0, max: 27 }), points }), { maxLength: 12 });
  fc.assert(
    fc.property(fc.option(points), steps, fc.integer({ min: 0, max: 6 }), points, (start, days, hysteresis, level) => {
      const ordered = days
        .map(({ at, points: each }) => ({ at: at * DAY, points: each }))
        .toSorted((a, b) => a.at - b.at);
      let isIn = start !== null && start >= level;
      const weeks = new Set<number>();
      for (const { at, points: each } of ordered) {
        if (!isIn && each >= level) weeks.add(Math.floor(at / (7 * DAY)));
        isIn = each >= level || (isIn && each >= level - hysteresis);
      }
      expect(arrivalsAt(arrivalsOf({ start, steps: ordered }, hysteresis), level)).toBe(weeks.size);
    }),
    { numRuns: 1000 },
  );
});

const arrivals = (...levels: (readonly [number, number])[]) =>
  levels.map(([upTo, leads]) => ({ above: null, upTo, leads }));

test.each([
  ['as many as wanted', arrivals([90, 5], [80, 5], [70, 5]), 10, { points: 80, arrivals: 10 }],
  ['the nearer of two levels', arrivals([90, 5], [80, 9]), 12, { points: 80, arrivals: 14 }],
  ['the higher level if it is nearer', arrivals([90, 9], [80, 9]), 10, { points: 90, arrivals: 9 }],
  ['never an empty band', arrivals([90, 500]), 10, { points: 90, arrivals: 500 }],
  ['never below the floor', arrivals([90, 1], [20, 4]), 10, { points: 40, arrivals: 1 }],
  ['the floor if no lead arrives', [], 10, { points: 40, arrivals: 0 }],
])('the threshold for a capacity gives %s', (_what, ranges, wanted, expected) => {
  expect(thresholdForArrivals(ranges, wanted, 40)).toEqual(expected);
});

const CAPACITY = 20;
const model = modelWith({
  behavior: {
    half_life: '10d',
    signals: [
      { id: 'visit', activity: 'visit', points: 6, max_count: 4 },
      { id: 'form', activity: 'form', points: 25 },
      { id: 'demo', activity: 'demo', points: 40 },
    ],
  },
  status: {
    basis: 'behavior',
    bands: [{ id: 'sales', at_least: { capacity: `${CAPACITY} per week`, floor: 10, hysteresis: 5 } }, { id: 'rest' }],
  },
});

interface Followed {
  readonly activities: { id: string; type: string; at: number; attributes: Record<string, never> }[];
  readonly path: { at: number; points: number }[];
  status: string | undefined;
  earlier: EarlierScore | undefined;
}

/** Scores a lead with what its last scoring left. @returns whether its band changed without its points */
function rescore(lead: Followed, at: number, threshold: number, onEntry: () => void): boolean {
  const input: Lead = leadOf({ activities: lead.activities });
  const context = {
    thresholds: { sales: threshold },
    ...(lead.status !== undefined && { previousStatus: lead.status }),
    ...(lead.earlier !== undefined && { earlier: lead.earlier }),
  };
  const { status, behavior, fit, thresholds = null } = scoreLeadOnly(input, model, at, context);
  const isMoved = lead.status !== undefined && status !== lead.status;
  const before = lead.earlier?.behavior;
  if (isMoved && status === 'sales') onEntry();
  const isWrong = isMoved && (status === 'sales' ? behavior.score <= (before ?? 0) : behavior.score >= (before ?? 0));
  lead.path.push({ at, points: behavior.score });
  lead.status = status;
  lead.earlier = { fit: fit.score, behavior: behavior.score, thresholds };
  return isWrong;
}

/** Evenly distributed numbers from 0 to 1 (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    const more = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((more ^ (more >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('with steady random activities about as many leads enter the band as its capacity, and none enters or leaves without a change of its points', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1 }), (seed) => {
      const random = uniform(seed);
      const leads = Array.from({ length: 300 }, (): Followed => {
        return { activities: [], path: [], status: undefined, earlier: undefined };
      });
      let [threshold, entries, moves, wrong] = [10, 0, 0, 0];
      const weeks = 14;
      for (let day = 0; day < weeks * 7; day++) {
        const at = NOW + day * DAY;
        for (let event = 0; event < 40; event++) {
          const lead = leads[Math.floor(random() * leads.length)]!;
          const kind = random();
          const type = kind < 0.75 ? 'visit' : kind < 0.93 ? 'form' : 'demo';
          lead.activities.push({ id: `${day}-${event}`, type, at, attributes: {} });
          if (rescore(lead, at, threshold, () => day >= 42 && entries++)) wrong++;
        }
        for (const lead of leads) if (rescore(lead, at + DAY / 2, threshold, () => entries++)) wrong++;
        const [now, from] = [at + DAY / 2, at - 27.5 * DAY];
        if (now - NOW < 14 * DAY) continue;
        const paths = leads.map(({ path: points }): PointsPath => {
          const start = points.findLast((each) => each.at < from)?.points ?? points[0]?.points ?? 0;
          return { start, steps: points.filter((each) => each.at >= from) };
        });
        const window = Math.min(28, (now - NOW) / DAY) / 7;
        const ranges = paths.flatMap((each) => arrivalsOf(each, 5));
        const next = thresholdForArrivals(ranges, CAPACITY * window, 10);
        if (day >= 42 && next.points !== threshold) moves++;
        threshold = next.points;
      }
      const perWeek = entries / (weeks - 6);
      expect(threshold).toBeGreaterThan(10);
      expect(moves).toBeGreaterThan(0);
      expect(wrong).toBe(0);
      expect(Math.abs(perWeek - CAPACITY)).toBeLessThan(CAPACITY * 0.35);
    }),
    { numRuns: 3 },
  );
});

const followed = modelWith({
  behavior: { half_life: 'none', signals: [{ id: 'chat', activity: 'chat', points: 10, max_count: 20 }] },
  status: { bands: [{ id: 'sales', at_least: { capacity: '9 per week', floor: 40, hysteresis: 5 } }, { id: 'rest' }] },
});
const chats = (count: number) => leadOf({ activities: Array.from({ length: count }, () => did('chat', 1)) });

test.each([
  ['stays when the threshold rises above its points', 7, 70, 'sales', 90, 'sales', 70],
  ['stays out when the threshold falls to its points', 6, 60, 'rest', 55, 'rest', 70],
  ['enters when its points rise to a threshold that fell', 6, 50, 'rest', 55, 'sales', 55],
  ['stays out when its points rise below a threshold that rose', 8, 60, 'rest', 90, 'rest', 90],
  ['leaves when its points fall and are below a threshold that rose', 8, 85, 'sales', 90, 'rest', 90],
  [
    'stays when its points fall by less than the hysteresis below a threshold that rose',
    8,
    85,
    'sales',
    84,
    'sales',
    84,
  ],
  ['stays by a threshold that fell meanwhile', 6, 70, 'sales', 60, 'sales', 60],
])('a lead %s', (_what, count, before, previousStatus, threshold, status, applied) => {
  const earlier = { fit: 0, behavior: before, thresholds: { sales: 70 } };
  const result = scoreLead(chats(count), followed, NOW, { thresholds: { sales: threshold }, previousStatus, earlier });
  expect(result).toMatchObject({ status, thresholds: { sales: applied } });
});

test('the points of a new lead in a window begin at nothing, and those of another lead at what it had then', () => {
  const activities = [did('chat', 40), did('chat', 3)];
  const from = NOW - 28 * DAY;
  expect(pointsPath(leadOf({ activities }), followed, from, NOW)).toMatchObject({
    ...{ start: 10, steps: [{ points: 10 }, { points: 20 }, { points: 20 }] },
  });
  const created = { 'contact.created_at': new Date(NOW - 5 * DAY).toISOString() };
  expect(pointsPath(leadOf({ activities, fields: created }), followed, from, NOW).start).toBeNull();
});

test('a band with a capacity says from when on it counts, and then what arrives', () => {
  const band = { id: 'sales', capacity: 60, points: 40 };
  const since = new Date('2026-11-24T02:00:00Z');
  expect(capacityLine(band, { points: 40, per_week: null, since, first: since })).toBe(
    'sales: from 40 points, its floor. Its capacity of 60 leads a week counts from 8 Dec 2026 on, with two weeks of results.',
  );
  expect(capacityLine(band, { points: 68, per_week: 57.6, since, first: since })).toBe(
    'sales: from 68 points since 24 Nov 2026: 58 leads a week arrived, its capacity is 60.',
  );
});
