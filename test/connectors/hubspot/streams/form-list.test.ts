import nock from 'nock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { settingsSchema } from '../../../../connectors/hubspot/index.ts';
import type { Cursor } from '../../../../src/crm/connector.ts';
import { CRM, connect, type Fixture, hubspot, NOW, pagesOf } from '../hubspot-fixture.ts';

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

const SECOND = 1_000;

interface Portal {
  /** The IDs of submissions by form. A listed form that is missing here gets a 404. */
  submissions: Record<string, string[]>;
  listed: string[];
  calls: string[];
}

/** HubSpot with these forms; records the calls. */
function portal(submissions: Record<string, string[]>): Portal {
  const state: Portal = { submissions, listed: Object.keys(submissions), calls: [] };
  const reply = (ids: readonly string[]) => ({
    results: ids.map((id) => ({
      ...{ conversionId: id, submittedAt: NOW.getTime() + Number(id), pageUrl: null },
      values: [{ name: 'email', value: 'jane@example.com' }],
    })),
  });
  hubspot()
    .persist()
    .get('/marketing/v3/forms')
    .query(true)
    .reply(() => {
      state.calls.push('forms');
      return [200, { results: state.listed.map((id) => ({ id, name: `Form ${id}` })) }];
    });
  hubspot()
    .persist()
    .get(/\/form-integrations\/v1\/submissions\/forms\//)
    .query(true)
    .reply((request: Request) => {
      const id = new URL(request.url).pathname.split('/').at(-1) ?? '';
      state.calls.push(id);
      const known = state.submissions[id];
      return known === undefined ? [404, { status: 'error', message: 'No such form.' }] : [200, reply(known)];
    });
  const jane = { id: '1', properties: { email: 'jane@example.com' } };
  hubspot()
    .persist()
    .post(`${CRM}/contacts/batch/read`)
    .reply(200, { results: [jane] });
  return state;
}

async function poll(fixture: Fixture, cursor: Cursor | null) {
  const pages = await pagesOf(fixture, 'form_submissions', cursor);
  return {
    cursor: pages.at(-1)?.cursor ?? cursor,
    found: pages.flatMap((page) => page.activities.map(({ id }) => id)),
  };
}

test('form submissions are polled at the interval of HUBSPOT_FORMS_SECONDS, which is 5 to 3600 and 30 by default', () => {
  const intervals = (fixture: Fixture) =>
    fixture.connector.streams.flatMap(({ id, pollEverySeconds }) => (pollEverySeconds ? [[id, pollEverySeconds]] : []));
  expect(intervals(connect())).toEqual([['form_submissions', 30]]);
  expect(intervals(connect({}, undefined, { HUBSPOT_FORMS_SECONDS: '5' }))).toEqual([['form_submissions', 5]]);
  for (const invalid of ['4', '3601', '7.5', 'often']) {
    expect(settingsSchema.safeParse({ HUBSPOT_ACCESS_TOKEN: 'x', HUBSPOT_FORMS_SECONDS: invalid }).success).toBe(false);
  }
});

test('an idle poll of form submissions costs one call for the list of forms and one per form', async () => {
  const hub = portal({ a: ['1'], b: [] });
  const fixture = connect();
  const first = await poll(fixture, null);
  expect(first.found).toEqual(['form:1']);
  hub.calls.length = 0;
  fixture.clock.at = new Date(NOW.getTime() + 30 * SECOND);
  expect((await poll(fixture, first.cursor)).found).toEqual([]);
  expect(hub.calls).toEqual(['forms', 'a', 'b']);
});

test('the next poll reads the submissions of a new form, and a deleted form causes no error', async () => {
  const hub = portal({ a: ['1'], b: ['2'] });
  const fixture = connect();
  const first = await poll(fixture, null);
  hub.submissions = { b: ['2'], c: ['4', '3'] };
  hub.listed = ['b', 'c'];
  fixture.clock.at = new Date(NOW.getTime() + 30 * SECOND);
  expect((await poll(fixture, first.cursor)).found).toEqual(['form:4', 'form:3']);
});
