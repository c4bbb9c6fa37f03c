import { expect, test } from 'vitest';
import { scoreOfBestShare } from '../../src/scoring/best-share.ts';

const each = (...scores: number[]) => scores.map((score) => ({ score, leads: 1 }));

test.each([
  ['the best 5 % of 100 leads are five', Array.from({ length: 100 }, (_, at) => ({ score: at, leads: 1 })), 5, 95],
  [
    '7 % of 100 are seven, whatever binary says',
    Array.from({ length: 100 }, (_, at) => ({ score: at, leads: 1 })),
    7,
    93,
  ],
  ['with fewer leads than the share asks for, it is the best one', each(10, 30, 20), 5, 30],
  [
    'a started lead counts: 10 % of 11 are two',
    Array.from({ length: 11 }, (_, at) => ({ score: at, leads: 1 })),
    10,
    9,
  ],
  [
    'of leads with the same score all are in',
    [
      { score: 80, leads: 1 },
      { score: 70, leads: 50 },
      { score: 1, leads: 49 },
    ],
    5,
    70,
  ],
  ['all leads are the best 100 %', each(-5, 3), 100, -5],
  ['without leads there is none', [], 5, null],
])('%s', (_sentence, counts, percent, expected) => {
  expect(scoreOfBestShare(counts, percent)).toBe(expected);
});
