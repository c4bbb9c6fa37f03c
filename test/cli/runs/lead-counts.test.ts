import { expect, test } from 'vitest';
import { leadCounts } from '../../../cli/runs/lead-counts.ts';

test('a run counts the leads out of scope apart from those that it scored', () => {
  expect(leadCounts(1_926, 74)).toBe('2,000 leads: 1,926 scored, 74 out of scope');
  expect(leadCounts(1_926, 0)).toBe('1,926 leads scored');
});
