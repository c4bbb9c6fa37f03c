// Generators of models and leads for property tests. Few field names, few activity types and round
// numbers make rules match often.
import fc from 'fast-check';
import type { CurrentScore, ScoringContext } from '../../src/domain/score-result.ts';
import type { Json } from './naive-conditions.ts';

export const NOW = Date.UTC(2026, 10, 22, 9, 30, 0, 250);

const TEXTS = [
  'VP, Sales',
  'MVP',
  'vp',
  ' Vice President ',
  'é',
  'e\u0301',
  'manager',
  '12',
  ' 49.5 ',
  '1,200',
  '',
  ' ',
  '/pricing/x',
];
const scalar = fc.oneof(fc.constantFrom(...TEXTS), fc.constantFrom(0, 1, 12, 49.5, -3), fc.boolean());
const value = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.array(fc.oneof(scalar, fc.constant(null)), { maxLength: 3 }) },
);
const FIELDS = ['contact.job_title', 'company.employees', 'company.industry', 'contact.authority'];
const WORDS = ['vp', 'VP', 'vice president', 'Manager', 'E\u0301', 'sales', '/pricing', '1', ','];
const words = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 });
const few = <T>(each: fc.Arbitrary<T>, minLength = 0, maxLength = 3) => fc.array(each, { minLength, maxLength });

function some(shape: Record<string, fc.Arbitrary<unknown>>, keys: fc.Arbitrary<string[]>): fc.Arbitrary<Json> {
  return fc
    .tuple(fc.record(shape), keys)
    .map(([all, chosen]) => Object.fromEntries(chosen.map((key) => [key, all[key]])));
}

const plain = {
  is: scalar,
  one_of: few(scalar, 1),
  contains: words,
  starts_with: words,
  has_word: words,
  matches: fc.constantFrom('^V', '(?i)vp', '[0-9]+$', 'é').filter((each) => !each.startsWith('(?')),
  gte: fc.constantFrom(0, 12, 49.5),
  gt: fc.constantFrom(0, 12),
  lte: fc.constantFrom(12, 50),
  lt: fc.constantFrom(12, 49.5),
  present: fc.boolean(),
};
const plainOperators = some(plain, fc.subarray(Object.keys(plain), { minLength: 1, maxLength: 2 }));
const operators = fc.oneof(
  { weight: 4, arbitrary: plainOperators },
  { weight: 1, arbitrary: plainOperators.map((not) => ({ not })) },
  { weight: 1, arbitrary: fc.tuple(plainOperators, plainOperators).map(([a, not]) => ({ ...a, not: { not } })) },
);
const field = fc.constantFrom(...FIELDS);
const withField = fc.tuple(field, operators).map(([name, all]): Json => ({ field: name, ...all }));
const condition: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: withField },
  { weight: 1, arbitrary: few(withField, 1).map((any): Json => ({ any })) },
  { weight: 1, arbitrary: few(withField, 1).map((all): Json => ({ all })) },
  { weight: 1, arbitrary: fc.tuple(withField, few(operators, 1)).map(([own, any]): Json => ({ ...own, any })) },
);

const points = fc.integer({ min: -40, max: 100 }).map((each) => each / 2);
const grade = fc.constantFrom('A', 'B', 'C', 'D', 'F');
const numbered = (prefix: string, list: Json[]) =>
  list.map((each, index): Json => ({ id: `${prefix}${index}`, ...each }));

const criterion = fc.record({
  field,
  cases: few(fc.record({ when: fc.oneof(operators, condition), points }), 1, 4),
});
const fit = fc.record(
  {
    min_coverage: fc.constantFrom(0, 0.4, 0.5),
    criteria: few(criterion, 1, 5).map((list) => numbered('c', list)),
    grades: fc.constantFrom({ A: 80, B: 60, C: 40, D: 20 }, { A: 100, B: 50, C: 25, D: -10 }),
    overrides: few(
      fc.oneof(
        fc.record({ when: condition, max_grade: grade }),
        fc.record({ when: condition, min_grade: grade }),
        fc.record({ when: condition, min_grade: grade, max_grade: grade }),
      ),
    ).map((list) => numbered('o', list)),
  },
  { requiredKeys: ['criteria'] },
);

const TYPES = ['page_view', 'email_open', 'form_submission'];
const type = fc.constantFrom(...TYPES);
const where = fc.record({ path: operators }, { requiredKeys: [] });
const span = fc.constantFrom('1d', '12h', '30d', '2w', '90m', '7.5d', '60d');
const fading = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: span.map((half_life) => ({ half_life })) },
  { weight: 1, arbitrary: span.map((lifetime) => ({ lifetime })) },
  { weight: 1, arbitrary: fc.constant({ half_life: 'none' }) },
);
const counted = fc
  .tuple(
    fc.record(
      { activity: type, where, points, max_count: fc.integer({ min: 1, max: 4 }) },
      { requiredKeys: ['activity', 'points'] },
    ),
    fading,
  )
  .map(([signal, shape]): Json => ({ ...signal, ...shape }));
const tiers = fc
  .uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 })
  .chain((counts) => fc.tuple(...counts.map((count) => points.map((each) => ({ count, points: each })))));
const tiered = fc
  .tuple(fc.record({ activity: type, where, tiers, window: span }, { requiredKeys: ['activity', 'tiers'] }), fading)
  .map(([signal, shape]): Json => ({ ...signal, ...shape }));
const absence = fc.record(
  { activity: type, where, for: span, requires_activity: type },
  { requiredKeys: ['activity', 'for'] },
);
const signal = fc.oneof(
  { weight: 4, arbitrary: counted },
  { weight: 2, arbitrary: tiered },
  { weight: 1, arbitrary: fc.record({ absent: absence, points }) },
  { weight: 1, arbitrary: fc.record({ when: condition, points }) },
);
const limit = fc.constantFrom(-20, -5, 0, 3, 10.5);
const behavior = fc
  .tuple(
    fc.record(
      {
        decay: fc.constantFrom('half_life', 'linear'),
        half_life: fc.oneof(span, fc.constant('none')),
        lifetime: span,
        min: fc.constantFrom('none', 0, -30, 5),
        max: fc.constantFrom(20, 60.5, 150),
      },
      { requiredKeys: [] },
    ),
    few(signal, 0, 6),
    fc.nat(6),
    fc.tuple(limit, limit),
  )
  .map(([shape, list, grouped, [a, b]]): Json => {
    const signals = numbered('s', list);
    const half = Math.ceil(grouped / 2);
    const ids = signals.slice(0, grouped).map((each) => each.id);
    const groups = [
      { id: 'g0', signals: ids.slice(0, half), max: Math.max(a, b) },
      { id: 'g1', label: 'Second', signals: ids.slice(half), max: Math.max(a, b), min: Math.min(a, b) },
    ];
    return { ...shape, signals, groups };
  });

const atLeast = fc.oneof(
  fc.constantFrom(0, 20, 40.5, 60, 80),
  fc.record(
    { points: fc.constantFrom(20, 50, 80), hysteresis: fc.constantFrom(0, 5, 10) },
    { requiredKeys: ['points'] },
  ),
  fc.record({
    top: fc.constantFrom('5%', '12.5%'),
    floor: fc.constantFrom(10, 40),
    hysteresis: fc.constantFrom(3, 7.5),
  }),
  fc.record({ capacity: fc.constant('20 per week'), floor: fc.constantFrom(10, 40) }),
);
const LEVELS = { 1: 60, 2: 25.5, 3: 5 };
const cells = fc.subarray(['A', 'B', 'C', 'D', 'F'].flatMap((each) => ['1', '2', '3'].map((level) => each + level)));

function statusFor(ids: string[]): fc.Arbitrary<Json> {
  const requires = fc.record(
    {
      min_grade: grade,
      exclude_grades: few(fc.constantFrom('A', 'B', 'C', 'D', 'F', 'Ungraded')),
      min_behavior: fc.constantFrom(0, 5, 10, 20),
      min_fit: fc.constantFrom(0, 10),
      min_signals: fc.constantFrom(1, 2),
      any_signal: fc.subarray(ids),
    },
    { requiredKeys: [] },
  );
  const sparse = fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: requires });
  return fc
    .record({
      basis: fc.constantFrom('total', 'behavior', 'fit', 'matrix'),
      bands: few(fc.record({ at_least: atLeast, cells, requires: sparse }), 1, 4),
      gates: few(fc.record({ unless: condition, max: fc.nat(4) }), 0, 2),
      hasLevels: fc.boolean(),
    })
    .map(({ basis, bands, gates, hasLevels }) => {
      const list = numbered('b', bands).map(({ at_least, cells: own, ...band }, index) => {
        // The capacity of a band includes the leads of the better ones.
        const isCapacity = typeof at_least === 'object' && 'capacity' in at_least;
        const threshold = isCapacity ? { ...at_least, capacity: `${20 * (index + 1)} per week` } : at_least;
        return basis === 'matrix' ? { ...band, cells: own } : { ...band, at_least: threshold };
      });
      return {
        basis,
        ...((hasLevels || basis === 'matrix') && { behavior_levels: LEVELS }),
        bands: [...list, { id: 'last' }],
        gates: gates.map(({ unless, max }, index) => {
          return { id: `gate${index}`, unless, max_band: max < list.length ? `b${max}` : 'last' };
        }),
      };
    });
}

export const model: fc.Arbitrary<Json> = fc.record({ fit, behavior }, { requiredKeys: [] }).chain((parts) => {
  const ids = (parts.behavior?.signals ?? []).map((each: Json) => each.id);
  return statusFor(ids).map((status): Json => ({ name: 'random', version: '1', ...parts, status }));
});

const instant = fc
  .oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 100 * 24 * 3600 }) },
    { weight: 1, arbitrary: fc.integer({ min: -20 * 24 * 3600, max: 0 }) },
    { weight: 1, arbitrary: fc.constantFrom(86_400, 43_200, 30 * 86_400, 0) },
  )
  .map((seconds) => new Date(NOW - seconds * 1000).toISOString());

export const lead: fc.Arbitrary<Json> = fc.record(
  {
    id: fc.oneof(fc.nat(99), fc.constant('x')),
    fields: fc
      .tuple(
        fc.dictionary(field, value, { maxKeys: 4 }),
        fc.record(
          { 'contact.created_at': fc.oneof(instant, fc.constantFrom('2026-10-01', 'soon')) },
          { requiredKeys: [] },
        ),
      )
      .map(([a, b]): Json => ({ ...a, ...b })),
    activities: few(
      fc.record(
        {
          id: fc.oneof(fc.nat(40), fc.nat(40).map(String)),
          type,
          at: instant,
          attributes: fc.record({ path: value }, { requiredKeys: [] }),
        },
        { requiredKeys: ['id', 'type', 'at'] },
      ),
      0,
      12,
    ),
    unobserved: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray(TYPES) }),
  },
  { requiredKeys: ['id'] },
);

const bandPoints = fc.record(
  { b0: fc.constantFrom(5, 55, 70), b1: fc.constantFrom(30, 45.5), b2: fc.constantFrom(8, 20) },
  { requiredKeys: [] },
);
const wholePoints = fc.oneof(fc.constant(0), fc.integer({ min: -20, max: 90 }));
const earlier = fc.record(
  {
    ...{ fit: wholePoints, behavior: wholePoints, isByOtherModel: fc.boolean() },
    /** For `contextOf`: how far its points are from those of the lead. */
    change: fc.constantFrom(-1, 0, 0, 1),
    thresholds: fc.oneof({ weight: 5, arbitrary: bandPoints }, { weight: 1, arbitrary: fc.constant(null) }),
  },
  { requiredKeys: ['fit', 'behavior', 'thresholds'] },
);

/** Names of fields that the CRM does not show. */
export const notShown: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 2, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.subarray(FIELDS) },
);

export const context: fc.Arbitrary<Json> = fc.record(
  {
    previousStatus: fc.constantFrom('b0', 'b1', 'b2', 'last', 'no such band'),
    thresholds: bandPoints,
    firstThresholds: bandPoints,
    pending: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray(['b0', 'b1', 'b2']) },
    ),
    earlier,
  },
  { requiredKeys: [] },
);

/** A random context for a lead with these points, which most earlier results have too, or nearly. */
export function contextOf(given: Json, { fit, behavior }: { readonly fit: number; readonly behavior: number }): Json {
  if (given.earlier === undefined) return given;
  const { change, ...rest } = given.earlier;
  return { ...given, earlier: change === undefined ? rest : { ...rest, fit, behavior: behavior + change } };
}

/** What the next scoring knows of this one, if no threshold moves in between. */
export function contextAfter(result: CurrentScore, { earlier: _, ...before }: ScoringContext): ScoringContext {
  const { status, fit, behavior, thresholds = null } = result;
  return { ...before, previousStatus: status, earlier: { fit: fit.score, behavior: behavior.score, thresholds } };
}
