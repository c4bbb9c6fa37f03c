// Two scores of the same leads, compared by rank.
import { expect, test } from 'vitest';
import { compareScores } from '../../src/review/compare-scores.ts';

const pairs = (...scores: readonly (readonly [ours: number, theirs: number])[]) =>
  scores.map(([ours, theirs], index) => ({ id: String(index), ours, theirs }));

test.each<readonly [string, readonly (readonly [number, number])[], number | null]>([
  [
    'the same order on another scale',
    [
      [10, 100],
      [20, 200],
      [30, 900],
    ],
    1,
  ],
  [
    'the reverse order',
    [
      [10, 3],
      [20, 2],
      [30, 1],
    ],
    -1,
  ],
  [
    'one score that is the same for all',
    [
      [10, 3],
      [10, 2],
      [10, 1],
    ],
    null,
  ],
  ['no leads', [], null],
])('the rank agreement of %s', (_what, scores, agreement) => {
  expect(compareScores(pairs(...scores)).rank_agreement).toBe(agreement);
});

test('equal scores share the mean of their ranks', () => {
  const { compared } = compareScores(pairs([5, 1], [5, 2], [9, 3]));
  expect(compared.toSorted((a, b) => Number(a.id) - Number(b.id)).map(({ our_rank }) => our_rank)).toEqual([
    2.5, 2.5, 1,
  ]);
});

test('the shared top is counted over the best tenth of each', () => {
  const scores = Array.from({ length: 20 }, (_, index) => [index, index === 19 ? -1 : index] as const);
  // The best two of ours are 19 and 18, those of the other score 18 and 17.
  expect(compareScores(pairs(...scores)).shared_top).toBe(0.5);
});

test('the shared top does not depend on the order of leads with equal scores', () => {
  const scores = Array.from({ length: 40 }, (_, index) => [index, index >= 20 ? 100 : index] as const);
  const shared = (order: typeof scores) => compareScores(pairs(...order)).shared_top;
  // All twenty with 100 are HubSpot's best; four of them are in our best tenth.
  expect([shared(scores), shared(scores.toReversed())]).toEqual([0.2, 0.2]);
  expect(compareScores(pairs([1, 5], [2, 5])).shared_top).toBeNull();
});
