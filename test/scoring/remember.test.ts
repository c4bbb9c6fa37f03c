// Outcomes that are remembered by value are those of the conditions, however many values there are.
import { expect, test } from 'vitest';
import { UNREADABLE } from '../../src/domain/lead.ts';
import { remember, rememberByField } from '../../src/scoring/compile/remember.ts';
import { scoreLeadOnly } from '../../src/scoring/score-lead.ts';
import { did, leadOf, modelWith, NOW } from './build.ts';

const model = modelWith({
  fit: {
    criteria: [
      {
        id: 'size',
        field: 'company.employees',
        cases: [
          { when: { gte: 5000 }, points: 2 },
          { when: { gte: 0 }, points: 1 },
        ],
      },
    ],
  },
});

test('a model scores rightly after more values than it remembers', () => {
  const scoreOf = (employees: number) =>
    scoreLeadOnly(leadOf({ fields: { 'company.employees': employees } }), model, NOW).fit.score;
  for (let employees = 0; employees < 12_000; employees++) expect(scoreOf(employees)).toBe(employees < 5000 ? 1 : 2);
  expect([scoreOf(0), scoreOf(4999), scoreOf(5000)]).toEqual([1, 1, 2]);
});

test('a text, a number, a boolean and a list with it are four values', () => {
  const kinds = rememberByField(['x'], ({ x }) => ({ kind: Array.isArray(x) ? `list of ${typeof x[0]}` : typeof x }));
  const values = ['1', 1, true, ['1'], [1], [true], null, [null]];
  const expected = ['string', 'number', 'boolean', 'list of string', 'list of number', 'list of boolean', 'object'];
  for (let round = 0; round < 2; round++) {
    expect(values.map((x) => kinds({ x }).kind)).toEqual([...expected, 'list of object']);
  }
});

test('lists with the same beginning, and lists in another order, are other values', () => {
  const joined = rememberByField(['x'], ({ x }) => ({ text: JSON.stringify(x) }));
  const lists = [[], ['a'], ['a', 'b'], ['b', 'a'], ['a', 'b', 'c'], ['a\nb'], ['a', 'a']];
  for (let round = 0; round < 2; round++) {
    for (const x of lists) expect(joined({ x }).text).toBe(JSON.stringify(x));
  }
});

test('a value is computed once, unless it is long', () => {
  let computed = 0;
  const count = rememberByField(['x'], () => ({ number: ++computed }));
  for (const x of ['a', 'a', ['a', 'b'], ['a', 'b'], null, null, undefined, undefined]) {
    count(x === undefined ? {} : { x });
  }
  expect(computed).toBe(4);
  count({ x: 'long '.repeat(100) });
  count({ x: 'long '.repeat(100) });
  expect(computed).toBe(6);
});

test('a condition on two attributes is evaluated for both, whatever was remembered for one', () => {
  const where = { path: { starts_with: ['/pricing'] }, seconds: { gte: 10 } };
  const signals = [
    { id: 'read', activity: 'page_view', where, points: 5 },
    { id: 'seen', activity: 'page_view', where: { path: where.path }, points: 1 },
  ];
  const pages = modelWith({ behavior: { signals } });
  const scoreOf = (seconds: number) =>
    scoreLeadOnly(leadOf({ activities: [did('page_view', 0, { path: '/pricing', seconds })] }), pages, NOW).behavior
      .score;
  expect([scoreOf(60), scoreOf(3), scoreOf(60)]).toEqual([6, 1, 6]);
});

test('an unreadable value and an empty list are two values, whichever comes first', () => {
  for (const first of [UNREADABLE, []]) {
    const kinds = rememberByField(['x'], ({ x }) => ({ isReadable: x !== UNREADABLE }));
    kinds({ x: first });
    expect([kinds({ x: UNREADABLE }), kinds({ x: [] })]).toEqual([{ isReadable: false }, { isReadable: true }]);
  }
});

test('a result is remembered until there are more than the memory holds, and is right after that', () => {
  const computed: number[] = [];
  const square = remember((key: number) => {
    computed.push(key);
    return { square: key * key };
  }, 3);
  expect([1, 2, 3, 1, 2, 3].map((key) => square(key).square)).toEqual([1, 4, 9, 1, 4, 9]);
  expect(computed).toEqual([1, 2, 3]);
  expect([4, 1, 4, 2].map((key) => square(key).square)).toEqual([16, 1, 16, 4]);
  expect(computed).toEqual([1, 2, 3, 4, 1, 2]);
});

test('more lists than a model remembers are evaluated rightly, and lists with many elements each time', () => {
  let computed = 0;
  const joined = rememberByField(['x'], ({ x }) => ({ text: JSON.stringify(x), number: ++computed }));
  const lists = Array.from({ length: 3_000 }, (_, at) => [`a${at}`, `b${at}`]);
  for (let round = 0; round < 2; round++) for (const x of lists) expect(joined({ x }).text).toBe(JSON.stringify(x));
  const long = Array.from({ length: 21 }, (_, at) => String(at));
  const before = computed;
  expect([joined({ x: long }).text, joined({ x: long }).text]).toEqual([JSON.stringify(long), JSON.stringify(long)]);
  expect(computed).toBe(before + 2);
});
