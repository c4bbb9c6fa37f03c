import { expect, test } from 'vitest';
import type { ScoreResult } from '../../src/domain/score-result.ts';
import { visibleDifference } from '../../src/mapping/visible-difference.ts';
import { clearedScoreFields, toScoreFields } from '../../src/mapping/write-back.ts';

const result: ScoreResult = {
  id: '1',
  model: 'b2b@1',
  asOf: Date.UTC(2026, 10, 22),
  grade: 'B',
  coverage: 1,
  fit: { raw: 33, attainable: 60, score: 33 },
  behavior: { exact: 14.2, score: 14 },
  total: 47,
  status: 'mql',
  cell: null,
  nextChangeAt: null,
  contributions: [],
  gates: [],
};
const text =
  '47 = fit 33 (B) + behavior 14, as of 22 Nov 2026\n+33 Decision maker\n+14 Viewed pricing (2 times, 20 Nov)';
const values = toScoreFields(result, text);

test('a result becomes the values of all score fields', () => {
  expect(values).toEqual({
    fit_grade: 'B',
    fit_score: 33,
    behavior_score: 14,
    total_score: 47,
    status: 'mql',
    explanation: text,
    scored_at: '2026-11-22T00:00:00.000Z',
    model: 'b2b@1',
  });
});

test('score fields that differ only in date, model version or wording of the reasons count as the same', () => {
  const reworded = text.replace('22 Nov 2026', '23 Nov 2026').replace('(2 times, 20 Nov)', '(twice)');
  const same = { scored_at: null, model: 'b2b@2', explanation: reworded.replaceAll('\n', '\r\n') };
  expect(visibleDifference(values, { ...values, ...same })).toBe(0);
});

test.each([
  [{ fit_grade: 'A' }, Infinity],
  [{ status: null }, Infinity],
  [{ explanation: null }, Infinity],
  [{ behavior_score: '14' }, Infinity],
  [{ fit_score: 34 }, 1],
  [{ total_score: 42 }, 5],
  [{ explanation: text.replace('+14', '+12') }, 2],
  [{ explanation: text.replace('Decision maker', 'Manager') }, 33],
  [{ explanation: `${text}\n-3 Unsubscribed` }, 3],
])('score fields that differ in %o differ by %d points', (change, points) => {
  expect(visibleDifference(values, { ...values, ...change })).toBe(points);
  expect(visibleDifference({ ...values, ...change }, values)).toBe(points);
});

test('a score field that the mapping omits is not compared, and values without a common field are different', () => {
  const { explanation: _, ...withoutExplanation } = values;
  expect(visibleDifference(values, withoutExplanation)).toBe(0);
  expect(visibleDifference(values, {})).toBe(Infinity);
  expect(visibleDifference(clearedScoreFields(), clearedScoreFields())).toBe(0);
});
