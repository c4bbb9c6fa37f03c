import { expect, test } from 'vitest';
import { numberReader } from '../../src/csv/numbers.ts';

test.each([
  ['comma', '1.234.567,5', '1234567.5'],
  ['comma', '49,5', '49.5'],
  ['comma', '-1 200', '-1200'],
  ['comma', '1.200', '1200'],
  ['point', '1,234,567.5', '1234567.5'],
  ['point', "1'200.25", '1200.25'],
  ['point', '49.5', '49.5'],
  ['point', '1\u202F200', '1200'],
] as const)('with a decimal %s, the number "%s" is read as %s', (decimal, text, plain) => {
  expect(numberReader(decimal)(text)).toBe(plain);
});

test.each([
  ['comma', '12.34'],
  ['comma', '1,2,3'],
  ['comma', '1.2345'],
  ['point', '1.234,5'],
  ['point', '12,34'],
  ['point', 'many'],
  [undefined, '1,200'],
] as const)('with a decimal %s, the text "%s" is not a valid number', (decimal, text) => {
  expect(numberReader(decimal)(text)).toHaveProperty('reason');
});
