// Search: what it finds, what it refuses, and that it shows the state of a moment ago.
import { afterEach, describe, expect, test } from 'vitest';
import { people, startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;
afterEach(() => sandbox.close());

const PATH = '/crm/objects/2026-03/contacts/search';
const filter = (propertyName: string, operator: string, more = {}) => ({ propertyName, operator, ...more });
const inOneGroup = (...filters: object[]) => ({ filterGroups: [{ filters }] });

/** Searches are limited to five a second: time passes before each. */
async function search(body: object) {
  sandbox.pass(1000);
  return sandbox.call('POST', PATH, body);
}
async function found(body: object): Promise<string[]> {
  const answer = await search(body);
  expect(answer.status).toBe(200);
  return answer.body.results.map(({ id }: { id: string }) => id);
}

test('an edit shows in search two seconds later, with the old values until then', async () => {
  sandbox = await startTestSandbox();
  const byTitle = (value: string) => ({ ...inOneGroup(filter('jobtitle', 'EQ', { value })), properties: ['jobtitle'] });
  await sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { jobtitle: 'CEO' } });
  sandbox.pass(900);
  expect(await found(byTitle('CEO'))).toEqual([]);
  const stale = await sandbox.call('POST', PATH, byTitle('VP Marketing'));
  expect(stale.body.results[0].properties.jobtitle).toBe('VP Marketing');
  sandbox.pass(100);
  expect(await found(byTitle('CEO'))).toEqual([sandbox.id(0)]);
  expect(await found(byTitle('VP Marketing'))).toEqual([]);
});

test('a new contact is not found, and a deleted one is, until the index has caught up', async () => {
  sandbox = await startTestSandbox({ searchLagMs: 5000 });
  const made = await sandbox.control('POST', '/contacts', { properties: { email: 'new@acme.example' } });
  await sandbox.control('DELETE', `/contacts/${sandbox.id(0)}`);
  expect((await search({})).body.total).toBe(3);
  sandbox.pass(5000);
  const ids = await found({});
  expect(ids).toContain(made.body.id);
  expect(ids).not.toContain(sandbox.id(0));
});

describe('filters', () => {
  test.each([
    ['EQ on text, any case', [filter('jobtitle', 'EQ', { value: 'vp marketing' })], [0]],
    ['NEQ leaves out what is unset', [filter('jobtitle', 'NEQ', { value: 'CEO' })], [0]],
    ['HAS_PROPERTY', [filter('jobtitle', 'HAS_PROPERTY')], [0]],
    ['NOT_HAS_PROPERTY', [filter('jobtitle', 'NOT_HAS_PROPERTY')], [1, 2]],
    ['IN', [filter('email', 'IN', { values: ['p1@acme.example', 'p2@acme.example'] })], [1, 2]],
    ['NOT_IN', [filter('email', 'NOT_IN', { values: ['p1@acme.example', 'p2@acme.example'] })], [0]],
    ['GTE on a date, epoch ms', [filter('lastmodifieddate', 'GTE', { value: '1767225601000' })], [1, 2]],
    ['GT on a date, ISO', [filter('lastmodifieddate', 'GT', { value: '2026-01-01T00:00:01Z' })], [2]],
    ['LT', [filter('lastmodifieddate', 'LT', { value: '1767225601000' })], [0]],
    ['LTE', [filter('lastmodifieddate', 'LTE', { value: '1767225601000' })], [0, 1]],
    ['BETWEEN', [filter('lastmodifieddate', 'BETWEEN', { value: '1767225600500', highValue: '1767225601500' })], [1]],
    [
      'two filters of a group must both hold',
      [filter('jobtitle', 'HAS_PROPERTY'), filter('email', 'EQ', { value: 'p1@acme.example' })],
      [],
    ],
  ])('%s', async (_name, filters, expected) => {
    sandbox = await startTestSandbox();
    expect((await found(inOneGroup(...filters))).toSorted()).toEqual(expected.map((at) => sandbox.id(at)));
  });

  test('either of two groups is enough', async () => {
    sandbox = await startTestSandbox();
    const groups = ['p1@acme.example', 'p2@acme.example'].map((value) => ({
      filters: [filter('email', 'EQ', { value })],
    }));
    expect(await found({ filterGroups: groups })).toHaveLength(2);
  });

  test('ids compare as numbers, also where they gain a digit', async () => {
    sandbox = await startTestSandbox({ dataset: people(700) });
    const { body } = await search(inOneGroup(filter('hs_object_id', 'GT', { value: '99999' })));
    expect(body.total).toBe(99_401 + 700 - 100_000);
  });
});

test('pages in the order of one sort, at most 200 to a page', async () => {
  sandbox = await startTestSandbox({ dataset: people(450) });
  const page = (after?: string) =>
    search({
      sorts: [{ propertyName: 'lastmodifieddate', direction: 'ASCENDING' }],
      limit: 200,
      ...(after ? { after } : {}),
    });
  const first = (await page()).body;
  expect(first.total).toBe(450);
  expect(first.results[0].id).toBe(sandbox.id(0));
  const last = (await page('400')).body;
  expect(last.results).toHaveLength(50);
  expect(last.results.at(-1).id).toBe(sandbox.id(449));
  expect(last.paging).toBeUndefined();
  expect((await page(first.paging.next.after)).body.results[0].id).toBe(sandbox.id(200));
});

const manyFilters = (count: number) => Array.from({ length: count }, () => filter('email', 'HAS_PROPERTY'));
test.each([
  ['a page of 201', { limit: 201 }],
  ['a page of 0', { limit: 0 }],
  ['what lies beyond 10,000 results', { limit: 200, after: '9900' }],
  ['two sorts', { sorts: [{ propertyName: 'email' }, { propertyName: 'jobtitle' }] }],
  ['six groups', { filterGroups: Array.from({ length: 6 }, () => ({ filters: manyFilters(1) })) }],
  ['seven filters in a group', inOneGroup(...manyFilters(7))],
  ['nineteen filters in all', { filterGroups: [5, 5, 5, 4].map((count) => ({ filters: manyFilters(count) })) }],
  ['an unknown property', inOneGroup(filter('no_such_thing', 'HAS_PROPERTY'))],
  ['an unknown operator', inOneGroup(filter('email', 'LIKE', { value: 'x' }))],
  ['a number as value', inOneGroup(filter('lastmodifieddate', 'GTE', { value: 1767225600000 }))],
  ['a date that is none', inOneGroup(filter('lastmodifieddate', 'GTE', { value: 'yesterday' }))],
  ['a missing value', inOneGroup(filter('email', 'EQ'))],
  ['upper case in IN', inOneGroup(filter('email', 'IN', { values: ['P1@acme.example'] }))],
  ['more than 3,000 characters', { properties: Array.from({ length: 400 }, (_, at) => `property_${at}`) }],
  ['a key that it does not know', { query: 'pat' }],
])('refuses %s', async (_name, body) => {
  sandbox = await startTestSandbox();
  const answer = await search(body);
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR' });
});

test('the very last page within 10,000 results is still given', async () => {
  sandbox = await startTestSandbox();
  expect((await search({ limit: 100, after: '9900' })).status).toBe(200);
});
