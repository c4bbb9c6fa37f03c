// One bad thing of HubSpot costs no other one: what is left out is named, skipped while it is set
// aside, and read again when it is due.
import nock from 'nock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contactRef } from '../../../../connectors/hubspot/contacts/contact-mapping.ts';
import type { ChangePage, Cursor, SetAsideParts, StreamPart } from '../../../../src/crm/connector.ts';
import { CRM, connect, type Fixture, hubspot, NOW, pagesOf } from '../hubspot-fixture.ts';

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

const AT = NOW.getTime();
const REFUSED = { status: 'error', message: 'Form has an invalid type.', category: 'VALIDATION_ERROR' };
const submission = (id: string, more: object = {}) => ({
  ...{ conversionId: id, submittedAt: AT, values: [{ name: 'email', value: 'jane@example.com' }], ...more },
});

/** HubSpot with these forms: the submissions of each, or its error status. */
function respondForms(forms: Readonly<Record<string, number | object[]>>): void {
  hubspot()
    .persist()
    .get('/marketing/v3/forms')
    .query(true)
    .reply(200, { results: Object.keys(forms).map((id) => ({ id, name: id })) });
  for (const [id, content] of Object.entries(forms)) {
    const [status, body] = typeof content === 'number' ? [content, REFUSED] : [200, { results: content }];
    hubspot().persist().get(`/form-integrations/v1/submissions/forms/${id}`).query(true).reply(status, body);
  }
  hubspot()
    .persist()
    .get('/account-info/2026-09/details')
    .reply(200, { portalId: 1 })
    .post(`${CRM}/contacts/batch/read`)
    .reply(200, { results: [{ id: '1', properties: { email: 'jane@example.com' } }] });
}

async function read({ connector, signal }: Fixture, id: string, cursor: Cursor | null, setAside?: SetAsideParts) {
  const pages: ChangePage[] = [];
  const stream = connector.streams.find((each) => each.id === id)!;
  for await (const page of connector.listChanges(stream, cursor, signal, setAside)) pages.push(page);
  return {
    cursor: pages.at(-1)?.cursor ?? cursor,
    activities: pages.flatMap((page) => page.activities.map((activity) => activity.id)),
    dirty: pages.flatMap((page) => page.dirty.map(({ ref }) => ref.id)),
    failed: pages.flatMap((page) => (page.failed ?? []).map(({ kind, id: part }) => `${kind} ${part}`)),
    recovered: pages.flatMap((page) => (page.recovered ?? []).map(({ kind, id: part }) => `${kind} ${part}`)),
  };
}

const setAside = (...parts: StreamPart[]): SetAsideParts => ({
  isSkipped: ({ kind, id }) => parts.some((part) => part.kind === kind && part.id === id),
  due: [],
});

describe('a form that HubSpot refuses', () => {
  test.each([
    ['as those of blog comments', 400],
    ['as it was deleted after it was listed', 404],
    ['by failing', 500],
  ])('%s is left out and named, and the others are read', async (_, status) => {
    respondForms({ a: status, b: [submission('1')], c: [] });
    const found = await read(connect({ retries: 0 }), 'form_submissions', null);
    expect(found).toMatchObject({ activities: ['form:1'], failed: ['form a'] });
  });

  test('is not read again while it is set aside, and is recovered when it is read', async () => {
    respondForms({ a: 400, b: [] });
    const fixture = connect();
    const first = await read(fixture, 'form_submissions', null);
    const part = { kind: 'form', id: 'a' };
    expect(await read(fixture, 'form_submissions', first.cursor, setAside(part))).toMatchObject({ failed: [] });
    nock.cleanAll();
    respondForms({ a: [submission('7')], b: [] });
    const due = { isSkipped: () => false, due: [part] };
    const later = await read(fixture, 'form_submissions', first.cursor, due);
    expect(later).toMatchObject({ activities: ['form:7'], failed: [], recovered: ['form a'] });
  });

  test('like every other form makes the stream unavailable', async () => {
    respondForms({ a: 400, b: 400 });
    await expect(read(connect(), 'form_submissions', null)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('because the token lacks the scope makes the stream unavailable', async () => {
    respondForms({ a: 403, b: [] });
    await expect(read(connect(), 'form_submissions', null)).rejects.toMatchObject({ kind: 'forbidden' });
  });
});

test('a submission of an unexpected shape is named, and the other submissions of its form are read', async () => {
  respondForms({ a: [submission('1'), submission('2', { values: 'none' }), submission('3')] });
  const found = await read(connect(), 'form_submissions', null);
  expect(found).toMatchObject({ activities: ['form:1', 'form:3'], failed: [`form submission a/${AT}/2`] });
});

describe('a date that cannot be read', () => {
  const associations = { contacts: { results: [{ id: '7' }] } };
  const listed = (type: string, records: readonly object[]) =>
    hubspot().get(`${CRM}/${type}`).query(true).reply(200, { results: records });
  // A mistake of typing.
  const YEAR_3022 = '3022-11-02T10:00:00Z';

  test('of a meeting sets that meeting aside, the others are read, and it is read when the date is corrected', async () => {
    const meeting = (id: string, hs_timestamp: string) => {
      return { id, properties: { hs_timestamp, hs_meeting_start_time: hs_timestamp }, associations };
    };
    listed('meetings', [meeting('1', YEAR_3022), meeting('2', NOW.toISOString()), meeting('3', '')]);
    const fixture = connect();
    const first = await read(fixture, 'meetings', null);
    // A meeting without a date did not take place: it becomes no activity, and does not fail.
    expect(first).toMatchObject({ activities: ['meeting:2'], failed: ['meeting 1'] });
    hubspot()
      .persist()
      .post('/crm/associations/2026-03/meetings/contacts/batch/read')
      .reply(200, { results: [{ from: { id: '1' }, to: [{ toObjectId: '7', associationTypes: [] }] }] })
      .post(`${CRM}/meetings/search`)
      .reply(200, { results: [] });
    const readByIds = (at: string) => {
      hubspot()
        .post(`${CRM}/meetings/batch/read`)
        .reply(200, { results: [meeting('1', at)] });
    };
    const due = { isSkipped: () => false, due: [{ kind: 'meeting', id: '1' }] };
    readByIds(YEAR_3022);
    const again = await read(fixture, 'meetings', first.cursor, due);
    expect(again).toMatchObject({ activities: [], failed: ['meeting 1'], recovered: [] });
    readByIds(NOW.toISOString());
    const corrected = await read(fixture, 'meetings', again.cursor, due);
    expect(corrected).toMatchObject({ activities: ['meeting:1'], failed: [], recovered: ['meeting 1'] });
  });

  test('of a deal is named, and the deal is an outcome without that date', async () => {
    listed('deals', [{ id: '5', properties: { dealstage: 'won' }, associations }]);
    const stages = [{ id: 'won', metadata: { isClosed: 'true', probability: '1.0' } }];
    hubspot()
      .persist()
      .get(/pipelines/)
      .reply(200, { results: [{ id: 'default', stages }] })
      .get(/properties/)
      .reply(200, { results: [] });
    const properties = { dealstage: 'won', pipeline: 'default', closedate: YEAR_3022, createdate: NOW.toISOString() };
    hubspot()
      .persist()
      .post(`${CRM}/deals/batch/read`)
      .reply(200, { results: [{ id: '5', properties }] });
    const [page] = await pagesOf(connect(), 'deals', null);
    expect(page?.outcomes).toMatchObject([{ id: 'deal:5', state: 'won', createdAt: NOW.getTime(), closedAt: null }]);
    expect(page?.failed).toMatchObject([
      { kind: 'deal', id: '5', failure: { code: 'BAD_DATE', message: expect.stringContaining('closedate') } },
    ]);
  });

  test.each([
    ['submission', 'form_submissions', `form submission a/${Date.UTC(1980, 1)}/2`],
    ['page view', 'page_views', 'event 1980-02-01T00:00:00.000Z/2'],
  ])('of a %s names it, and the others are read', async (_, stream, part) => {
    const odd = Date.UTC(1980, 1);
    respondForms({ a: [submission('1'), submission('2', { submittedAt: odd })] });
    const visit = (id: string, at: number) => {
      return { id, objectId: '1', occurredAt: new Date(at).toISOString(), properties: {} };
    };
    hubspot()
      .get('/events/event-occurrences/2026-03')
      .query(true)
      .reply(200, { results: [visit('1', AT), visit('2', odd)] });
    const found = await read(connect(), stream, null);
    expect(found.activities).toHaveLength(1);
    expect(found.failed).toEqual([part]);
  });
});

describe('a page token', () => {
  const visit = (id: string) => ({ id, objectId: '1', occurredAt: NOW.toISOString(), properties: {} });
  const events = (after: string | undefined, reply: object) =>
    hubspot()
      .get('/events/event-occurrences/2026-03')
      .query((query) => query.after === after)
      .reply(200, reply);
  const next = (after: string) => ({ paging: { next: { after } } });

  test('that comes percent-encoded is sent encoded once', async () => {
    events(undefined, { results: [visit('1')], ...next('MQ%3D%3D') });
    events('MQ==', { results: [visit('2')] });
    expect((await read(connect(), 'page_views', null)).activities).toEqual(['event:1', 'event:2']);
  });

  test('that contains a percent sign by chance is sent as it is', async () => {
    events(undefined, { results: [], ...next('50%zz') });
    events('50%zz', { results: [visit('2')] });
    expect((await read(connect(), 'page_views', null)).activities).toEqual(['event:2']);
  });

  test.each([
    ['contacts', `${CRM}/contacts`],
    ['meetings', `${CRM}/meetings`],
    ['form_submissions', '/marketing/v3/forms'],
  ])('that repeats ends the stream %s with an error', async (stream, path) => {
    hubspot()
      .persist()
      .get(path)
      .query(true)
      .reply(200, { results: [], ...next('2') });
    const fixture = connect();
    await expect(pagesOf(fixture, stream, null)).rejects.toMatchObject({ kind: 'invalid', code: 'REPEATED_PAGE' });
    expect(fixture.connector.apiCallCount()).toBeLessThan(4);
  });

  test('that repeats in the links of a contact makes that contact unreadable or ends the read', async () => {
    hubspot()
      .persist()
      .post(`${CRM}/contacts/batch/read`)
      .reply(200, { results: [{ id: '1', properties: {} }] });
    const row = { from: { id: '1' }, to: [], ...next('2') };
    hubspot()
      .persist()
      .post('/crm/associations/2026-03/contacts/companies/batch/read')
      .reply(200, { results: [row] });
    const { connector, signal } = connect();
    await expect(connector.fetchLeads([contactRef('1')], signal)).rejects.toMatchObject({ code: 'REPEATED_PAGE' });
  });
});

describe('the company of a contact', () => {
  const company = (id: string, ...types: (readonly [string, number])[]) => {
    return { toObjectId: id, associationTypes: types.map(([category, typeId]) => ({ category, typeId })) };
  };
  function respond(...pages: { to: object[]; paging?: object }[]) {
    hubspot()
      .post(`${CRM}/contacts/batch/read`)
      .reply(200, { results: [{ id: '1', properties: {} }] });
    for (const page of pages) {
      hubspot()
        .post('/crm/associations/2026-03/contacts/companies/batch/read')
        .reply(200, { results: [{ from: { id: '1' }, ...page }] });
    }
    const results = ['6', '7', '8', '9'].map((id) => ({ id, properties: {} }));
    hubspot().post(`${CRM}/companies/batch/read`).reply(200, { results });
  }
  const primary = ['HUBSPOT_DEFINED', 1] as const;

  test("is HubSpot's primary one, and not one with a label of the portal that has the same number", async () => {
    respond({ to: [company('7', ['USER_DEFINED', 1]), company('8', primary)] });
    const { connector, signal } = connect();
    expect(await connector.fetchLeads([contactRef('1')], signal)).toMatchObject([{ companyId: '8' }]);
  });

  test('is found on the last page of its companies', async () => {
    respond(
      { to: [company('7')], paging: { next: { after: '2' } } },
      { to: [company('6')], paging: { next: { after: '3' } } },
      { to: [company('9', primary)] },
    );
    const { connector, signal } = connect();
    expect(await connector.fetchLeads([contactRef('1')], signal)).toMatchObject([{ companyId: '9' }]);
  });
});

describe('one contact for which HubSpot fails', () => {
  const ids = ['1', '2', '3', '4', '5'];
  test.each([400, 500, 504])(
    'with status %i is unreadable, and the other contacts of its batch are read',
    async (status) => {
      hubspot()
        .persist()
        .post(`${CRM}/contacts/batch/read`)
        .reply(async (request: Request) => {
          const { inputs }: { inputs: { id: string }[] } = JSON.parse(await request.text());
          if (inputs.some(({ id }) => id === '3')) return [status, { message: 'x' }];
          return [200, { results: inputs.map(({ id }) => ({ id, properties: {} })) }];
        });
      hubspot()
        .persist()
        .post(/associations/)
        .reply(200, { results: [] });
      const { connector, signal } = connect({ retries: 0 });
      const leads = await connector.fetchLeads(ids.map(contactRef), signal);
      expect(leads.map(({ kind, ref }) => `${ref.id} ${kind}`).toSorted()).toEqual([
        ...['1 lead', '2 lead', '3 unreadable', '4 lead', '5 lead'],
      ]);
    },
  );

  test('like for all others is an outage: the read ends with a retry error after a few calls', async () => {
    hubspot().persist().post(`${CRM}/contacts/batch/read`).reply(500, { message: 'x' });
    const { connector, signal } = connect({ retries: 0 });
    await expect(connector.fetchLeads(ids.map(contactRef), signal)).rejects.toMatchObject({ kind: 'retry' });
    expect(connector.apiCallCount()).toBeLessThan(6);
  });
});

test('a contact of an unexpected shape in a list is left to the refresh of records, and the others are stored', async () => {
  const results = [
    { id: '1', properties: {} },
    { id: '2', properties: 'none' },
  ];
  hubspot().get(`${CRM}/contacts`).query(true).reply(200, { results });
  expect(await read(connect(), 'contacts', null)).toMatchObject({ dirty: ['2'], failed: [] });
});

test('a meeting of an unexpected shape is read by ID, and named if that does not help', async () => {
  const odd = { id: '2', properties: 'none' };
  hubspot()
    .get(`${CRM}/meetings`)
    .query(true)
    .reply(200, { results: [odd] });
  hubspot()
    .post('/crm/associations/2026-03/meetings/contacts/batch/read')
    .reply(200, { results: [{ from: { id: '2' }, to: [{ toObjectId: '1' }] }] });
  hubspot()
    .post(`${CRM}/meetings/batch/read`)
    .reply(200, { results: [odd] });
  expect((await read(connect(), 'meetings', null)).failed).toEqual(['meeting 2']);
});

test('an hour of page views that HubSpot refuses is set aside, and the hours around it are read', async () => {
  const bad = AT - 3 * 3_600_000;
  const visits = [bad - 7_200_000, bad, bad + 7_200_000];
  hubspot()
    .persist()
    .get('/events/event-occurrences/2026-03')
    .query(true)
    .reply((request: Request) => {
      const { searchParams } = new URL(request.url);
      const from = Date.parse(searchParams.get('occurredAfter')!);
      const to = Date.parse(searchParams.get('occurredBefore')!);
      const inside = visits.filter((at) => at > from && at < to);
      if (inside.includes(bad)) return [400, REFUSED];
      const results = inside.map((at) => {
        return { id: String(at - bad), objectId: '1', occurredAt: new Date(at).toISOString(), properties: {} };
      });
      return [200, { results }];
    });
  const found = await read(connect(), 'page_views', null);
  expect(found.activities).toEqual(['event:-7200000', 'event:7200000']);
  expect(found.failed).toEqual([expect.stringMatching(/^period .*\/.*/)]);
  expect(found.cursor).toMatchObject({ isFullSync: false });
});

test('the date at which a deal entered a stage comes from the property that the portal has for that stage', async () => {
  const stage = (id: string) => ({ id, metadata: { isClosed: 'false', probability: '0.2' } });
  hubspot()
    .get('/crm/pipelines/2026-03/deals')
    .reply(200, { results: [{ stages: [stage('Demo-1'), stage('98'), stage('99'), 'broken'] }, 'broken'] });
  const names = ['hs_v2_date_entered_demo_1', 'hs_date_entered_98', 'hs_v2_date_entered_99_1234567', 'amount'];
  hubspot()
    .get('/crm/properties/2026-03/deals')
    .reply(200, { results: names.map((name) => ({ name, type: 'datetime' })) });
  const associations = { contacts: { results: [{ id: '1', type: 'deal_to_contact' }] } };
  hubspot()
    .get(`${CRM}/deals`)
    .query(true)
    .reply(200, { results: [{ id: '5', properties: {}, associations }] });
  const requested: string[] = [];
  hubspot()
    .persist()
    .post(`${CRM}/deals/batch/read`)
    .reply(async (request: Request) => {
      const body: { properties: string[] } = JSON.parse(await request.text());
      requested.push(...body.properties.filter((name) => name.includes('entered')));
      const properties = { dealstage: '98', hs_date_entered_98: '2026-01-02T00:00:00Z' };
      return [200, { results: [{ id: '5', properties }] }];
    });
  const [page] = await pagesOf(connect(), 'deals', null);
  expect(requested).toEqual(names.slice(0, 3));
  expect(page?.outcomes).toMatchObject([{ stages: [{ stage: '98', enteredAt: Date.parse('2026-01-02') }] }]);
});
