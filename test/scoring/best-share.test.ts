import { expect, test } from 'vitest';
import { scoreOfBestShare } from '../../src/scoring/best-share.ts';

const oneLeadEach = (...scores: number[]) => scores.map((score) => ({ score, leads: 1 }));
const HUNDRED = Array.from({ length: 100 }, (_, score) => ({ score, leads: 1 }));
const ELEVEN = Array.from({ length: 11 }, (_, score) => ({ score, leads: 1 }));

test.each([
  ['the best 5 % of 100 leads are five leads', HUNDRED, 5, 95],
  ['the best 7 % of 100 leads are seven leads, despite binary fractions', HUNDRED, 7, 93],
  ['the best 5 % of three leads are the best lead', oneLeadEach(10, 30, 20), 5, 30],
  ['the best 10 % of 11 leads are two leads, because the share is rounded up', ELEVEN, 10, 9],
  [
    'the best 5 % include all leads with the same score',
    [
      { score: 80, leads: 1 },
      { score: 70, leads: 50 },
      { score: 1, leads: 49 },
    ],
    5,
    70,
  ],
  ['the best 100 % are all leads', oneLeadEach(-5, 3), 100, -5],
  ['without leads the best share has no score', [], 5, null],
])('%s', (_title, counts, percent, expected) => {
  expect(scoreOfBestShare(counts, percent)).toBe(expected);
});
