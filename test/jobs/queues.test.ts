import { expect, test } from 'vitest';
import { isLater, optionsOf } from '../../jobs/queues.ts';

const keyIn = (delayMs?: number) => {
  const { deduplication } = optionsOf('score', 'score', delayMs === undefined ? {} : { delayMs });
  return deduplication?.id;
};

test('a ring for now is not held back by one for later', () => {
  expect([keyIn(), keyIn(500), keyIn(60_000)].map(isLater)).toEqual([false, true, true]);
});

test('a ring for in three seconds is not held back by one for in a minute; many for about the same time are one', () => {
  expect(keyIn(3_000)).not.toBe(keyIn(60_000));
  expect(keyIn(1)).not.toBe(keyIn(500));
  expect(new Set([35_000, 40_000, 60_000].map(keyIn)).size).toBe(1);
});
