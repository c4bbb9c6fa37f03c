import nock from 'nock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChangePage, Cursor } from '../../../../src/crm/connector.ts';
import { CRM, connect, hubspot, NOW, pagesOf } from '../hubspot-fixture.ts';

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

interface Stored {
  id: string;
  modified: number;
  properties?: Record<string, string | null>;
}

interface SearchBody {
  filterGroups: { filters: { propertyName: string; operator: string; value: string }[] }[];
  sorts: { propertyName: string }[];
  limit: number;
}

/** HubSpot's search over `stored`; returns the bodies of its calls. */
function searchable(type: string, stored: Stored[], time = 'hs_lastmodifieddate'): SearchBody[] {
  const calls: SearchBody[] = [];
  const valueIn = ({ id, modified }: Stored, property: string) => (property === 'hs_object_id' ? Number(id) : modified);
  hubspot()
    .persist()
    .post(`${CRM}/${type}/search`)
    .reply(async (request: Request) => {
      const body: SearchBody = JSON.parse(await request.text());
      calls.push(body);
      const filters = body.filterGroups.flatMap((group) => group.filters);
      const matches = (object: Stored) =>
        filters.every(({ propertyName, operator, value }) => {
          const own = valueIn(object, propertyName);
          if (operator === 'EQ') return own === Number(value);
          return operator === 'GT' ? own > Number(value) : own >= Number(value);
        });
      const by = body.sorts[0]!.propertyName;
      const results = stored
        .filter(matches)
        .toSorted((a, b) => valueIn(a, by) - valueIn(b, by))
        .slice(0, body.limit)
        .map(({ id, modified, properties }) => ({
          id,
          properties: { ...properties, [time]: new Date(modified).toISOString() },
        }));
      return [200, { total: results.length, results }];
    });
  return calls;
}

const minute = 60_000;
const dirtyIds = (pages: readonly ChangePage[]) => pages.flatMap((page) => page.dirty.map(({ ref }) => ref.id));

function searchCursor(last: Date): Cursor {
  return { phase: 'search', last: last.getTime(), lastSeenAt: null, seen: [] };
}

describe('the contact stream:', () => {
  const listed = (id: string, company: string | null) => ({
    id,
    properties: {
      jobtitle: 'VP',
      lastmodifieddate: NOW.toISOString(),
      leadgrade_total_score: '47',
      leadgrade_status: '',
    },
    ...(company === null
      ? {}
      : { associations: { companies: { results: [{ id: company, type: 'contact_to_company' }] } } }),
  });

  function twoPages() {
    hubspot()
      .get(`${CRM}/contacts`)
      .query((query) => !('after' in query))
      .reply(200, {
        results: [listed('1', '7'), listed('2', '7')],
        paging: { next: { after: '2' } },
      });
    hubspot()
      .get(`${CRM}/contacts`)
      .query({ after: '2', limit: /.*/, properties: /.*/, archived: 'false', associations: 'companies' })
      .reply(200, { results: [listed('3', null)] });
    hubspot()
      .post(`${CRM}/companies/batch/read`, (body) => body.inputs.length === 1)
      .reply(200, { results: [{ id: '7', properties: { numberofemployees: '120' } }] });
  }

  test('the full sync lists all contacts, and reads a company that two contacts share once', async () => {
    twoPages();
    const pages = await pagesOf(connect(), 'contacts', null);
    expect(pages.map((page) => [page.isFullSync, page.leads.length])).toEqual([
      [true, 2],
      [true, 1],
      [false, 0],
    ]);
    expect(pages[0]!.leads[0]).toMatchObject({
      ref: { object: 'contacts', id: '1' },
      fields: { 'contact.job_title': 'VP', 'company.employees': 120 },
      crmValues: { total_score: 47, status: null },
      companyId: '7',
      modifiedAt: NOW.toISOString(),
    });
    expect(pages[1]!.leads[0]).toMatchObject({ companyId: null, fields: { 'company.employees': null } });
    expect(nock.isDone()).toBe(true);
  });

  test('after a process was killed the full sync continues with the next page', async () => {
    twoPages();
    const [first] = await pagesOf(connect(), 'contacts', null);
    twoPages();
    const rest = await pagesOf(connect(), 'contacts', JSON.parse(JSON.stringify(first!.cursor)));
    expect(rest.flatMap((page) => page.leads.map(({ ref }) => ref.id))).toEqual(['3']);
    const end = await pagesOf(connect(), 'contacts', rest[0]!.cursor);
    expect(end.map((page) => page.isFullSync)).toEqual([false]);
  });

  test('a change made during the listing is found by the first search after it', async () => {
    twoPages();
    const fixture = connect();
    const pages = await pagesOf(fixture, 'contacts', null);
    searchable('contacts', [{ id: '1', modified: NOW.getTime() + 1 }], 'lastmodifieddate');
    expect(dirtyIds(await pagesOf(fixture, 'contacts', pages.at(-1)!.cursor))).toEqual(['1']);
  });

  test('a changed contact is dirty with the current values from the search, without company fields', async () => {
    const properties = { jobtitle: 'CEO', leadgrade_fit_score: '33', leadgrade_scored_at: '2026-11-21T00:00:00Z' };
    searchable('contacts', [{ id: '5', modified: NOW.getTime(), properties }], 'lastmodifieddate');
    const [page] = await pagesOf(connect(), 'contacts', searchCursor(NOW));
    const { current } = page!.dirty[0]!;
    expect(current?.crmValues).toMatchObject({ fit_score: 33, scored_at: '2026-11-21T00:00:00.000Z', status: null });
    expect(current?.fields).toMatchObject({ 'contact.job_title': 'CEO', 'contact.country': null });
    expect(Object.keys(current?.fields ?? {}).filter((field) => field.startsWith('company.'))).toEqual([]);
  });

  test('an idle poll costs one search and yields no page, and the overlap finds a change that the index shows late', async () => {
    const stored = [{ id: '1', modified: NOW.getTime() }];
    const calls = searchable('contacts', stored, 'lastmodifieddate');
    const fixture = connect();
    const [first] = await pagesOf(fixture, 'contacts', searchCursor(NOW));
    expect(await pagesOf(fixture, 'contacts', first!.cursor)).toEqual([]);
    expect(calls).toHaveLength(2);
    stored.push({ id: '2', modified: NOW.getTime() - 4 * minute });
    expect(dirtyIds(await pagesOf(fixture, 'contacts', first!.cursor))).toEqual(['2']);
  });

  test('a busy minute is not read again once the index has settled', async () => {
    const calls = searchable('contacts', [{ id: '1', modified: NOW.getTime() }], 'lastmodifieddate');
    const fixture = connect();
    const [page] = await pagesOf(fixture, 'contacts', searchCursor(NOW));
    fixture.clock.at = new Date(NOW.getTime() + 60 * minute);
    const [settled] = await pagesOf(fixture, 'contacts', page!.cursor);
    expect(settled!.dirty).toEqual([]);
    expect(await pagesOf(fixture, 'contacts', settled!.cursor)).toEqual([]);
    expect(calls.at(-1)!.filterGroups[0]!.filters[0]!.value).toBe(String(NOW.getTime()));
  });

  test('a change that the index shows late is found by a poll a day later', async () => {
    const stored = [{ id: '1', modified: NOW.getTime() }];
    searchable('contacts', stored, 'lastmodifieddate');
    const fixture = connect();
    const [page] = await pagesOf(fixture, 'contacts', searchCursor(NOW));
    stored.push({ id: '2', modified: NOW.getTime() - 3_000 });
    fixture.clock.at = new Date(NOW.getTime() + 24 * 60 * minute);
    expect(dirtyIds(await pagesOf(fixture, 'contacts', page!.cursor))).toEqual(['2']);
  });

  test('12,000 changes are read once each without paging by offset', async () => {
    const stored = Array.from({ length: 12_000 }, (_, index) => {
      return { id: String(index + 1), modified: NOW.getTime() + Math.floor(index / 3) };
    });
    const calls = searchable('contacts', stored, 'lastmodifieddate');
    const ids = dirtyIds(await pagesOf(connect(), 'contacts', searchCursor(NOW)));
    expect(ids).toHaveLength(12_000);
    expect(new Set(ids).size).toBe(12_000);
    expect(calls.every((call) => !('after' in call))).toBe(true);
    expect(calls.length).toBeLessThan(65);
  });

  test('more than 10,000 changes of one instant are read by ID, even if the process is killed after every page', async () => {
    const stored = Array.from({ length: 10_450 }, (_, index) => ({ id: String(index + 1), modified: NOW.getTime() }));
    stored.push({ id: '99999', modified: NOW.getTime() + 1 });
    searchable('contacts', stored, 'lastmodifieddate');
    const fixture = connect();
    const contacts = fixture.connector.streams.find(({ id }) => id === 'contacts')!;
    const found = new Set<string>();
    let cursor: Cursor = searchCursor(NOW);
    let polls = 0;
    // Every poll ends after one page and starts again from its cursor, as if the process had been
    // killed.
    for (let isComplete = false; !isComplete && polls < 200; polls += 1) {
      isComplete = true;
      for await (const page of fixture.connector.listChanges(contacts, cursor, fixture.signal)) {
        for (const id of dirtyIds([page])) found.add(id);
        cursor = JSON.parse(JSON.stringify(page.cursor));
        isComplete = false;
        break;
      }
    }
    expect(found.size).toBe(10_451);
    expect(polls).toBeLessThan(70);
    fixture.clock.at = new Date(NOW.getTime() + 10 * minute);
    const settling = await pagesOf(fixture, 'contacts', cursor);
    expect(await pagesOf(fixture, 'contacts', settling.at(-1)?.cursor ?? cursor)).toEqual([]);
  });
});

test('the full sync of companies yields nothing, and a later change of a company makes its contacts dirty', async () => {
  const fixture = connect();
  const [first, ...more] = await pagesOf(fixture, 'companies', null);
  expect([first!.isFullSync, more.length]).toEqual([false, 0]);
  searchable('companies', [{ id: '7', modified: NOW.getTime() }]);
  hubspot()
    .post('/crm/associations/2026-03/companies/contacts/batch/read')
    .reply(200, {
      results: [{ from: { id: '7' }, to: [{ toObjectId: 1 }, { toObjectId: '2' }] }],
    });
  const [page] = await pagesOf(fixture, 'companies', first!.cursor);
  expect(page!.dirty).toEqual([{ ref: { object: 'contacts', id: '1' } }, { ref: { object: 'contacts', id: '2' } }]);
});

describe('the meeting stream:', () => {
  const properties = { hs_meeting_start_time: NOW.toISOString(), hs_meeting_title: 'Intro', hs_meeting_outcome: null };

  test('the full sync lists meetings once per contact, without canceled ones', async () => {
    const associations = {
      contacts: {
        results: [
          { id: '1', type: 'a' },
          { id: '2', type: 'a' },
          { id: '1', type: 'b' },
        ],
      },
    };
    const canceled = { ...properties, hs_meeting_outcome: 'CANCELED' };
    hubspot()
      .get(`${CRM}/meetings`)
      .query(true)
      .reply(200, {
        results: [
          { id: '5', properties, associations },
          { id: '6', properties: canceled, associations },
        ],
      });
    const pages = await pagesOf(connect(), 'meetings', null);
    expect(pages[0]!.activities.map(({ id, ref, type }) => [id, ref.id, type])).toEqual([
      ['meeting:5', '1', 'meeting'],
      ['meeting:5', '2', 'meeting'],
    ]);
    expect(pages.map(({ isFullSync, gone }) => [isFullSync, gone.length])).toEqual([
      [true, 0],
      [false, 0],
    ]);
  });

  test('a meeting with more contacts than the list returns has all of them', async () => {
    const contacts = { results: [{ id: '1', type: 'a' }], paging: { next: { after: '1' } } };
    hubspot()
      .get(`${CRM}/meetings`)
      .query(true)
      .reply(200, { results: [{ id: '5', properties, associations: { contacts } }] });
    hubspot()
      .post('/crm/associations/2026-03/meetings/contacts/batch/read')
      .reply(200, { results: [{ from: { id: '5' }, to: [{ toObjectId: '1' }, { toObjectId: '2' }] }] });
    const [page] = await pagesOf(connect(), 'meetings', null);
    expect(page?.activities.map(({ ref }) => ref.id)).toEqual(['1', '2']);
  });

  test('a meeting that was canceled is gone for each of its contacts', async () => {
    searchable('meetings', [
      { id: '5', modified: NOW.getTime(), properties: { ...properties, hs_meeting_outcome: 'CANCELED' } },
    ]);
    hubspot()
      .post('/crm/associations/2026-03/meetings/contacts/batch/read')
      .reply(200, {
        results: [{ from: { id: '5' }, to: [{ toObjectId: '1' }] }],
      });
    const [page] = await pagesOf(connect(), 'meetings', searchCursor(NOW));
    expect(page).toMatchObject({ activities: [], dirty: [], gone: [{ ref: { id: '1' }, activityId: 'meeting:5' }] });
  });
});

describe('the form submission stream:', () => {
  const submission = (id: string, at: number, email: string) => ({
    conversionId: id,
    submittedAt: at,
    pageUrl: 'https://www.example.com/contact?x=1',
    values: [{ name: 'email', value: email }],
  });

  function forms(submissions: object[], contacts: object[]) {
    hubspot()
      .get('/marketing/v3/forms')
      .query(true)
      .reply(200, { results: [{ id: 'f1', name: 'Request a demo' }] });
    hubspot().get('/form-integrations/v1/submissions/forms/f1').query(true).reply(200, { results: submissions });
    if (contacts.length > 0) hubspot().post(`${CRM}/contacts/batch/read`).reply(200, { results: contacts });
  }
  const jane = { id: '1', properties: { email: 'jane@example.com', hs_additional_emails: 'j@example.com' } };

  test('a submission is an activity of the contact with its address, also with a secondary address', async () => {
    const at = NOW.getTime() - minute;
    forms([submission('c2', at, 'Jane@Example.com'), submission('c1', at - 1, 'j@example.com')], [jane]);
    const fixture = connect();
    const pages = await pagesOf(fixture, 'form_submissions', null);
    expect(pages.map(({ isFullSync }) => isFullSync)).toEqual([true, false]);
    expect(pages[0]!.activities).toMatchObject([
      {
        id: 'form:c2',
        ref: { id: '1' },
        type: 'form_submission',
        at,
        attributes: { form: 'Request a demo', page: '/contact' },
      },
      { id: 'form:c1', ref: { id: '1' } },
    ]);
    forms([submission('c2', at, 'jane@example.com')], []);
    expect(await pagesOf(fixture, 'form_submissions', pages.at(-1)!.cursor)).toEqual([]);
  });

  test('a submission whose contact does not exist yet is matched again by the next poll', async () => {
    const all = [submission('c1', NOW.getTime(), 'jane@example.com')];
    forms(all, [{ id: '8', properties: { email: 'other@example.com' } }]);
    const fixture = connect();
    const first = await pagesOf(fixture, 'form_submissions', null);
    expect(first.flatMap((page) => page.activities)).toEqual([]);
    forms(all, [jane]);
    const [page] = await pagesOf(fixture, 'form_submissions', first.at(-1)!.cursor);
    expect(page!.activities.map(({ id }) => id)).toEqual(['form:c1']);
  });
});

describe('the page view stream:', () => {
  const path = '/events/event-occurrences/2026-03';

  test('page views of the whole account are read by time window, each once', async () => {
    const view = {
      id: 'e1',
      objectId: '1',
      occurredAt: NOW.toISOString(),
      properties: { hs_url: 'https://x.example/pricing?a=b' },
    };
    hubspot()
      .get(path)
      .query(true)
      .times(2)
      .reply(200, { results: [view] });
    const fixture = connect();
    const [page] = await pagesOf(fixture, 'page_views', null);
    expect(page!.activities).toMatchObject([
      { id: 'event:e1', ref: { id: '1' }, type: 'page_view', attributes: { path: '/pricing' } },
    ]);
    expect(await pagesOf(fixture, 'page_views', page!.cursor)).toEqual([]);
  });

  test('page views are forbidden at the first page without an Enterprise subscription', async () => {
    hubspot().get(path).query(true).reply(403, { category: 'MISSING_SCOPES', message: 'x' });
    await expect(pagesOf(connect(), 'page_views', null)).rejects.toMatchObject({ kind: 'forbidden' });
  });
});

test('the connector has exactly the streams that the mapping reads', () => {
  expect(connect().connector.streams.map(({ id, activityTypes }) => [id, ...activityTypes])).toEqual([
    ['companies'],
    ['contacts'],
    ['meetings', 'meeting'],
    ['calls', 'call'],
    ['emails', 'email_reply'],
    ['form_submissions', 'webinar', 'content_download', 'trial_started', 'form_submission'],
    ['page_views', 'page_view'],
    [
      'marketing_emails',
      ...['email_delivered', 'email_open_bot', 'email_open', 'email_click', 'email_bounce', 'unsubscribe'],
    ],
    ['lists', 'list_joined'],
    ['page_view_counter', 'page_view'],
    ['email_open_counter', 'email_open'],
    ['email_click_counter', 'email_click'],
    ['email_delivered_counter', 'email_delivered'],
    ['conversion_counter', 'webinar', 'content_download', 'trial_started', 'form_submission'],
    ['deals'],
  ]);
});

test('forms, page views, marketing e-mails and lists have a partial history, so a full sync deletes none of their items', () => {
  const partial = connect().connector.streams.filter((stream) => stream.partialHistory);
  expect(partial.map(({ id }) => id)).toEqual(['form_submissions', 'page_views', 'marketing_emails', 'lists']);
});

test('a cursor with an unexpected shape is refused with the code CURSOR', async () => {
  await expect(pagesOf(connect(), 'contacts', { page: 3 })).rejects.toMatchObject({ kind: 'invalid', code: 'CURSOR' });
});
