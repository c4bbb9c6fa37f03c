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

test.each([
  ['1 234', '1234'],
  ["1'234.5", '1234.5'],
  ['$1200', '1200'],
  ['1200 €', '1200'],
  ['USD 12000.50', '12000.50'],
  ['(1200)', '-1200'],
  ['\u2212 5', '-5'],
  ["'1200", '1200'],
  ['1.2E7', '1.2E7'],
  ['0.125', '0.125'],
  ['1234.567', '1234.567'],
])('without a declared decimal, the number "%s" is read as %s', (text, plain) => {
  expect(numberReader(undefined)(text)).toBe(plain);
});

test.each([
  ['1,234', 'can be 1234 or 1.234'],
  ['1.234', 'can be 1234 or 1.234'],
  ['1.234.567', 'separators that the mapping does not declare'],
  ['12,5', 'separators that the mapping does not declare'],
  ['45%', 'percent sign'],
  ['1200-', 'sign at the end'],
  ['12k', 'shortened with a letter'],
  ['51-200', 'is a range'],
  ['10,001+', 'is a range'],
  ['many', 'is not a number'],
  ['ABC 123', 'is not a number'],
])('without a declared decimal, the text "%s" is refused: it %s', (text, reason) => {
  expect(numberReader(undefined)(text)).toMatchObject({ reason: expect.stringContaining(reason) });
});
