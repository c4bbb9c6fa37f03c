// Search: results, rejected requests, and the delay of its index.
import { describe, expect, test } from 'vitest';
import { people, startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;

const PATH = '/crm/objects/2026-03/contacts/search';
const filter = (propertyName: string, operator: string, more = {}) => ({ propertyName, operator, ...more });
const inOneGroup = (...filters: object[]) => ({ filterGroups: [{ filters }] });

/** Search is limited to five calls per second, so the clock advances before each. */
async function search(body: object) {
  sandbox.advanceClock(1000);
  return sandbox.call('POST', PATH, body);
}
async function found(body: object): Promise<string[]> {
  const response = await search(body);
  expect(response.status).toBe(200);
  return response.body.results.map(({ id }: { id: string }) => id);
}

test('search returns an edit two seconds later, and the old values until then', async () => {
  sandbox = await startTestSandbox();
  const byTitle = (value: string) => ({ ...inOneGroup(filter('jobtitle', 'EQ', { value })), properties: ['jobtitle'] });
  await sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { jobtitle: 'CEO' } });
  sandbox.advanceClock(900);
  expect(await found(byTitle('CEO'))).toEqual([]);
  const stale = await sandbox.call('POST', PATH, byTitle('VP Marketing'));
  expect(stale.body.results[0].properties.jobtitle).toBe('VP Marketing');
  sandbox.advanceClock(100);
  expect(await found(byTitle('CEO'))).toEqual([sandbox.id(0)]);
  expect(await found(byTitle('VP Marketing'))).toEqual([]);
});

test('search misses a new contact and returns a deleted one until its index is updated', async () => {
  sandbox = await startTestSandbox({ searchLagMs: 5000 });
  const created = await sandbox.control('POST', '/contacts', { properties: { email: 'new@acme.example' } });
  await sandbox.control('DELETE', `/contacts/${sandbox.id(0)}`);
  expect((await search({ limit: 10 })).body.total).toBe(3);
  sandbox.advanceClock(5000);
  const ids = await found({ limit: 10 });
  expect(ids).toContain(created.body.id);
  expect(ids).not.toContain(sandbox.id(0));
});

describe('a search filter', () => {
  test.each([
    ['EQ ignores the case of text', [filter('jobtitle', 'EQ', { value: 'vp marketing' })], [0]],
    ['NEQ leaves out unset values', [filter('jobtitle', 'NEQ', { value: 'CEO' })], [0]],
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
      'of a group must hold together with the others',
      [filter('jobtitle', 'HAS_PROPERTY'), filter('email', 'EQ', { value: 'p1@acme.example' })],
      [],
    ],
  ])('%s', async (_name, filters, expected) => {
    sandbox = await startTestSandbox();
    expect((await found(inOneGroup(...filters))).toSorted()).toEqual(expected.map((at) => sandbox.id(at)));
  });

  test('group is an alternative: a record that matches one of two groups is found', async () => {
    sandbox = await startTestSandbox();
    const groups = ['p1@acme.example', 'p2@acme.example'].map((value) => ({
      filters: [filter('email', 'EQ', { value })],
    }));
    expect(await found({ filterGroups: groups })).toHaveLength(2);
  });

  test('compares IDs as numbers, also across a power of ten', async () => {
    sandbox = await startTestSandbox({ dataset: people(700) });
    const { body } = await search(inOneGroup(filter('hs_object_id', 'GT', { value: '99999' })));
    expect(body.total).toBe(99_401 + 700 - 100_000);
  });
});

test('search returns pages of at most 200 records in the order of its sort', async () => {
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
  ['a page size of 201', { limit: 201 }],
  ['a page size of 0', { limit: 0 }],
  ['a page beyond 10,000 results', { limit: 200, after: '9900' }],
  ['two sorts', { sorts: [{ propertyName: 'email' }, { propertyName: 'jobtitle' }] }],
  ['six groups', { filterGroups: Array.from({ length: 6 }, () => ({ filters: manyFilters(1) })) }],
  ['seven filters in a group', inOneGroup(...manyFilters(7))],
  ['nineteen filters in total', { filterGroups: [5, 5, 5, 4].map((count) => ({ filters: manyFilters(count) })) }],
  ['an unknown property', inOneGroup(filter('no_such_thing', 'HAS_PROPERTY'))],
  ['an unknown operator', inOneGroup(filter('email', 'LIKE', { value: 'x' }))],
  ['a number as a value', inOneGroup(filter('lastmodifieddate', 'GTE', { value: 1767225600000 }))],
  ['an invalid date', inOneGroup(filter('lastmodifieddate', 'GTE', { value: 'yesterday' }))],
  ['a missing value', inOneGroup(filter('email', 'EQ'))],
  ['upper case in IN', inOneGroup(filter('email', 'IN', { values: ['P1@acme.example'] }))],
  ['more than 3,000 characters', { properties: Array.from({ length: 400 }, (_, at) => `property_${at}`) }],
  ['an unknown key', { query: 'pat' }],
])('search rejects %s', async (_name, body) => {
  sandbox = await startTestSandbox();
  const response = await search(body);
  expect(response.status).toBe(400);
  expect(response.body).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR' });
});

test('search returns the last page within 10,000 results', async () => {
  sandbox = await startTestSandbox();
  expect((await search({ limit: 100, after: '9900' })).status).toBe(200);
});
