// The operators of conditions, their treatment of unknown values and lists, and nested conditions.
import { expect, test } from 'vitest';
import { type Fields, UNREADABLE } from '../../src/domain/lead.ts';
import { compileCondition, conditionFields } from '../../src/scoring/compile/conditions.ts';
import { conditionSchema } from '../../src/scoring/schemas/condition-schema.ts';

function outcome(condition: unknown, fields: Fields): string {
  return compileCondition(conditionSchema.parse(condition), 'x')(fields);
}

test.each([
  [{ is: 'vp' }, ' VP ', 'matched'],
  [{ is: 'e\u0301' }, '\u00C9', 'matched'],
  [{ is: 12 }, '12', 'unmatched'],
  [{ is: true }, 'true', 'unmatched'],
  [{ is: false }, false, 'matched'],
  [{ one_of: ['a', 2] }, 2, 'matched'],
  [{ contains: ['sales'] }, 'VP, SALES', 'matched'],
  [{ contains: [' sales '] }, 'VP, SALES', 'matched'],
  [{ contains: ['1'] }, 1, 'unmatched'],
  [{ starts_with: ['/pricing'] }, ' /Pricing/eu', 'matched'],
  [{ starts_with: ['/pricing'] }, '/eu/pricing', 'unmatched'],
  [{ has_word: ['vp'] }, 'VP, Sales', 'matched'],
  [{ has_word: ['vp'] }, 'MVP', 'unmatched'],
  [{ has_word: ['vp'] }, 'vp2', 'unmatched'],
  [{ has_word: ['vp'] }, 'mvp vp', 'matched'],
  [{ has_word: ['vp'] }, '𝒜vp', 'unmatched'],
  [{ has_word: ['vp'] }, '😀vp', 'matched'],
  [{ has_word: ['vice president'] }, 'Senior Vice President', 'matched'],
  [{ has_word: ['c++'] }, 'C++ developer', 'matched'],
  [{ matches: '^V' }, 'VP', 'matched'],
  [{ matches: '^v' }, 'VP', 'unmatched'],
  [{ matches: '(?i)p$' }, 'VP', 'matched'],
  [{ matches: '^ V' }, ' VP', 'matched'],
  [{ gte: 120 }, '120', 'matched'],
  [{ gt: 49 }, ' 49.5 ', 'matched'],
  [{ gte: 1 }, '1,200', 'unmatched'],
  [{ gte: 1 }, '1e3', 'unmatched'],
  [{ gte: 10, lt: 50 }, 50, 'unmatched'],
  [{ lte: 50 }, true, 'unmatched'],
  [{ present: true }, 0, 'matched'],
  [{ present: false }, ' ', 'matched'],
  [{ not: { is: 'a' } }, 'b', 'matched'],
  [{ not: { not: { is: 'a' } } }, 'a', 'matched'],
])('the condition %j on the value %j is %s', (condition, value, expected) => {
  expect(outcome(condition, { x: value })).toBe(expected);
});

test.each([null, '', ' \t', [], [null, ' ']])('the value %j makes every operator except present unknown', (value) => {
  const operators = [
    { is: 'a' },
    { one_of: ['a'] },
    { contains: ['a'] },
    { starts_with: ['a'] },
    { has_word: ['a'] },
    { matches: 'a' },
    { gte: 1 },
    { not: { is: 'a' } },
    { is: 'a', present: false },
  ];
  for (const each of operators) expect(outcome(each, { x: value })).toBe('unknown');
  expect(outcome({ present: true }, { x: value })).toBe('unmatched');
  expect(outcome({ present: true, is: 'a' }, { x: value })).toBe('unmatched');
  expect(outcome({ not: { present: true } }, { x: value })).toBe('matched');
});

test.each([
  [{ is: 'slack' }, 'matched'],
  [{ contains: ['ack'] }, 'matched'],
  [{ is: 7 }, 'matched'],
  [{ gte: 1 }, 'unmatched'],
  [{ not: { gte: 1 } }, 'matched'],
  [{ not: { is: 'slack' } }, 'unmatched'],
  [{ present: true }, 'matched'],
])('the condition %j on a list is tested on each element: %s', (condition, expected) => {
  expect(outcome(condition, { x: ['Jira', ' Slack', 7, null] })).toBe(expected);
});

test.each([
  [{ any: [{ is: 'a' }, { field: 'y', is: 'b' }] }, 'matched'],
  [{ any: [{ is: 'b' }, { field: 'z', is: 'b' }] }, 'unknown'],
  [{ any: [{ is: 'b' }, { field: 'y', is: 'a' }] }, 'unmatched'],
  [{ all: [{ is: 'a' }, { field: 'z', is: 'b' }] }, 'unknown'],
  [{ all: [{ is: 'b' }, { field: 'z', is: 'b' }] }, 'unmatched'],
  [{ is: 'a', any: [{ field: 'y', is: 'b' }], all: [{ starts_with: ['a'] }] }, 'matched'],
  [{ field: 'y', all: [{ any: [{ is: 'b' }] }] }, 'matched'],
])('the nested condition %j is %s by Kleene logic, with an inherited field', (condition, expected) => {
  expect(outcome(condition, { x: 'a', y: 'b' })).toBe(expected);
});

test.each([
  {},
  { field: 'x' },
  { all: [] },
  { any: [] },
  { not: {} },
  { not: { field: 'y', is: 1 } },
  { is: null },
  { contains: 'a' },
  { matches: '(?=a)' },
  { gte: '1' },
  { equals: 1 },
])('the object %j is not a valid condition', (condition) => {
  expect(conditionSchema.safeParse(condition).success).toBe(false);
});

test('a property of every object, such as constructor, is not a field of a lead', () => {
  expect(outcome({ field: 'constructor', present: true }, {})).toBe('unmatched');
});

test.each([{ present: false }, { present: true }, { is: 'a' }, { not: { present: true } }, { not: { is: 'a' } }])(
  'the condition %j is unknown about a field that the CRM does not show any more',
  (condition) => {
    expect(outcome(condition, { x: UNREADABLE })).toBe('unknown');
  },
);

test('the fields of a condition are listed without duplicates, in file order', () => {
  const condition = { any: [{ field: 'b', is: 1 }, { field: 'a', is: 1 }, { is: 2 }], field: 'c' };
  expect(conditionFields(conditionSchema.parse(condition))).toEqual(['b', 'a', 'c']);
});
