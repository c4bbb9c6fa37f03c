// Form submissions and page visits: order, paging and delay.
import { expect, test } from 'vitest';
import type { SeedActivity } from '../../dataset/dataset.ts';
import { people, startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;

const minute = (at: number) => Date.parse('2026-02-01T00:00:00Z') + at * 60_000;
const many = (type: string, count: number, attributes = {}): SeedActivity[] =>
  Array.from({ length: count }, (_, at) => ({ person: `p${at % 3}`, type, at: minute(at), attributes }));

async function demoForm(): Promise<string> {
  const { body } = await sandbox.call('GET', '/marketing/v3/forms?limit=50');
  return body.results.find(({ name }: { name: string }) => name === 'Request a demo').id;
}

test('forms are returned in pages', async () => {
  sandbox = await startTestSandbox();
  const first = await sandbox.call('GET', '/marketing/v3/forms?limit=4');
  expect(first.body.results).toHaveLength(4);
  const rest = await sandbox.call('GET', `/marketing/v3/forms?limit=4&after=${first.body.paging.next.after}`);
  expect(rest.body.results).toHaveLength(2);
  expect(rest.body.paging).toBeUndefined();
});

test('form submissions are returned newest first, at most 50 per page, and a new one shifts no page', async () => {
  sandbox = await startTestSandbox({ dataset: people(3, many('form_submission', 120, { form: 'demo' })) });
  const path = `/form-integrations/v1/submissions/forms/${await demoForm()}`;
  expect((await sandbox.call('GET', `${path}?limit=51`)).status).toBe(400);
  const first = (await sandbox.call('GET', `${path}?limit=50`)).body;
  expect(first.results[0]).toEqual({
    conversionId: expect.any(String),
    submittedAt: minute(119),
    pageUrl: expect.stringMatching(/^https:/),
    values: expect.arrayContaining([{ name: 'email', value: 'p2@acme.example', objectTypeId: '0-1' }]),
  });
  await sandbox.control('POST', '/activities', {
    contactId: sandbox.id(0),
    type: 'form_submission',
    attributes: { form: 'demo' },
  });
  const second = (await sandbox.call('GET', `${path}?limit=50&after=${first.paging.next.after}`)).body;
  expect(second.results[0].submittedAt).toBe(minute(69));
  const third = (await sandbox.call('GET', `${path}?limit=50&after=${second.paging.next.after}`)).body;
  expect(third.results).toHaveLength(20);
  expect(third.paging).toBeUndefined();
});

test('an unknown form is a 404, and an invalid cursor of its submissions a 400', async () => {
  sandbox = await startTestSandbox();
  expect((await sandbox.call('GET', '/form-integrations/v1/submissions/forms/none')).status).toBe(404);
  const path = `/form-integrations/v1/submissions/forms/${await demoForm()}`;
  expect((await sandbox.call('GET', `${path}?after=%20`)).status).toBe(400);
});

test('page visits of a time window are returned in either order, at most 100 per page', async () => {
  sandbox = await startTestSandbox({ dataset: people(3, many('page_view', 250, { path: '/pricing' })) });
  const path = '/events/event-occurrences/2026-03?objectType=contact&eventType=e_visited_page';
  expect((await sandbox.call('GET', `${path}&limit=101`)).status).toBe(400);
  const window = `&limit=100&sort=occurredAt&occurredAfter=${new Date(minute(9)).toISOString()}&occurredBefore=${new Date(minute(150)).toISOString()}`;
  const first = (await sandbox.call('GET', path + window)).body;
  expect(first.results[0]).toEqual({
    id: expect.any(String),
    eventType: 'e_visited_page',
    objectType: 'CONTACT',
    objectId: sandbox.id(10 % 3),
    occurredAt: new Date(minute(10)).toISOString(),
    properties: { hs_url: 'https://www.leadgrade.example/pricing', hs_title: '', hs_referrer: '' },
  });
  const second = (await sandbox.call('GET', `${path}${window}&after=${first.paging.next.after}`)).body;
  expect(second.results).toHaveLength(40);
  expect(second.results.at(-1).occurredAt).toBe(new Date(minute(149)).toISOString());
  const newest = (await sandbox.call('GET', `${path}&objectId=${sandbox.id(0)}`)).body;
  expect(newest.results[0].occurredAt).toBe(new Date(minute(249)).toISOString());
  expect(newest.results.every(({ objectId }: { objectId: string }) => objectId === sandbox.id(0))).toBe(true);
});

test('a page visit is returned after the same delay as in search', async () => {
  sandbox = await startTestSandbox();
  await sandbox.control('POST', '/activities', {
    contactId: sandbox.id(0),
    type: 'page_view',
    attributes: { path: '/demo' },
  });
  const visits = async () =>
    (await sandbox.call('GET', `/events/event-occurrences/2026-03?objectType=contact&objectId=${sandbox.id(0)}`)).body
      .results;
  expect(await visits()).toEqual([]);
  sandbox.advanceClock(2000);
  expect(await visits()).toHaveLength(1);
});
