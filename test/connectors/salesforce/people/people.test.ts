// Reading Leads, Contacts and Accounts from a sandbox org.
import { expect, test } from 'vitest';
import { fetchLeads } from '../../../../connectors/salesforce/people/fetch-leads.ts';
import { listAllRecords } from '../../../../connectors/salesforce/people/list-all-records.ts';
import type { PersonObject } from '../../../../connectors/salesforce/people/person-mapping.ts';
import { accountStream } from '../../../../connectors/salesforce/streams/account-stream.ts';
import { personStream } from '../../../../connectors/salesforce/streams/person-stream.ts';
import { idOf } from '../../../../sandbox/salesforce/ids.ts';
import { people } from '../../../../sandbox/test/hubspot/sandbox-under-test.ts';
import { peopleWithDeals } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import type { ChangePage, Cursor, DirtyRecord } from '../../../../src/crm/connector.ts';
import { type ConnectedOrg, connectedOrg, pagesOf, SIGNAL, shippedMapping } from '../salesforce-fixture.ts';

function lastCursor(pages: readonly ChangePage[]): Cursor {
  const last = pages.at(-1);
  if (!last) throw new Error('There is no page.');
  return last.cursor;
}

async function firstSync({ parts }: ConnectedOrg, object: PersonObject) {
  const pages = await pagesOf(personStream(parts, object), null);
  return { ids: pages.flatMap(({ leads }) => leads.map(({ ref }) => ref.id)), cursor: lastCursor(pages), pages };
}

async function changesSince({ parts }: ConnectedOrg, object: PersonObject, cursor: Cursor) {
  const pages = await pagesOf(personStream(parts, object), cursor);
  return { dirty: pages.flatMap((page) => page.dirty), cursor: pages.at(-1)?.cursor ?? cursor };
}

function idsOf(dirty: readonly DirtyRecord[]): string[] {
  return dirty.map(({ ref }) => ref.id);
}

test('a full sync lists each Lead once, by pages, without converted Leads', async () => {
  const connected = await connectedOrg({
    dataset: { ...people(4_100), opportunities: peopleWithDeals(1, [0]).opportunities },
  });
  const { ids, pages } = await firstSync(connected, 'Lead');
  expect(new Set(ids).size).toBe(4_099);
  expect(ids).toHaveLength(4_099);
  expect(pages.map(({ leads, isFullSync }) => [leads.length, isFullSync])).toEqual([
    [2_000, true],
    [2_000, true],
    [99, true],
    [0, false],
  ]);
  expect((await firstSync(connected, 'Contact')).ids).toEqual([connected.org.contact(0)]);
});

test('an interrupted full sync resumes after the last saved page', async () => {
  const connected = await connectedOrg({ dataset: people(4_100) });
  const { pages, ids } = await firstSync(connected, 'Lead');
  const first = pages[0];
  const rest = await pagesOf(personStream(connected.parts, 'Lead'), first?.cursor ?? null);
  expect(rest.flatMap(({ leads }) => leads.map(({ ref }) => ref.id))).toEqual(ids.slice(2_000));
});

test('a full sync through the Bulk API reads the same values as through queries', async () => {
  const dataset = people(300);
  const plain = await connectedOrg({ dataset });
  const bulk = await connectedOrg({ dataset }, { more: { SALESFORCE_BULK_READ_FROM: '300' } });
  const [slow, fast] = [await firstSync(plain, 'Lead'), await firstSync(bulk, 'Lead')];
  expect(
    fast.pages.flatMap(({ leads }) => leads.map(({ fields, crmValues }) => ({ fields, held: crmValues }))),
  ).toEqual(slow.pages.flatMap(({ leads }) => leads.map(({ fields, crmValues }) => ({ fields, held: crmValues }))));
  const jobs = await bulk.org.control('GET', '/jobs');
  expect(jobs.body).toHaveLength(1);
  const { dirty } = await changesSince(bulk, 'Lead', fast.cursor);
  expect(dirty.filter(({ current }) => current === undefined)).toEqual([]);
});

test.each([
  { status: 400, body: [{ errorCode: 'QUERY_TIMEOUT', message: 'Your query request was running for too long.' }] },
  { hangAfterHeaders: true },
])('a full sync uses the Bulk API if the records cannot be counted in time (%o)', async (action) => {
  const connected = await connectedOrg({ dataset: people(10) }, { retryOptions: { timeoutMs: 300 } });
  await connected.org.control('PUT', '/faults', [{ match: { path: 'COUNT' }, action }]);
  expect((await firstSync(connected, 'Lead')).ids).toHaveLength(10);
  expect((await connected.org.control('GET', '/jobs')).body).toHaveLength(1);
});

test('a full sync uses queries for an object that has no bulk queries', async () => {
  const connected = await connectedOrg({ dataset: people(10) }, { more: { SALESFORCE_BULK_READ_FROM: '5' } });
  const body = [{ errorCode: 'API_ERROR', message: "Entity 'Lead' is not supported by the Bulk API." }];
  await connected.org.control('PUT', '/faults', [{ match: { path: '/jobs/query' }, action: { status: 400, body } }]);
  expect((await firstSync(connected, 'Lead')).ids).toHaveLength(10);
});

test('a bulk query that was started before a crash is resumed and not started again', async () => {
  const connected = await connectedOrg({ dataset: people(10) }, { more: { SALESFORCE_BULK_READ_FROM: '5' } });
  const reader = personStream(connected.parts, 'Lead');
  let begun: Cursor | null = null;
  for await (const page of reader.read(null, SIGNAL)) {
    begun = page.cursor;
    break;
  }
  const pages = await pagesOf(reader, begun);
  expect(pages.flatMap(({ leads }) => leads)).toHaveLength(10);
  expect((await connected.org.control('GET', '/jobs')).body).toHaveLength(1);
});

test('a full sync whose bulk query no longer exists starts again with queries', async () => {
  const connected = await connectedOrg({ dataset: people(10) }, { more: { SALESFORCE_BULK_READ_FROM: '5' } });
  const lost = { phase: 'bulk', jobId: '750000000000000AAA', locator: 'xyz', startedAt: connected.org.now() };
  const pages = await pagesOf(personStream(connected.parts, 'Lead'), lost);
  expect(pages.flatMap(({ leads }) => leads)).toHaveLength(10);
});

test('a poll yields an edited Lead with its current values, and an idle poll yields no record', async () => {
  const connected = await connectedOrg();
  const { org } = connected;
  const { cursor } = await firstSync(connected, 'Lead');
  const first = await changesSince(connected, 'Lead', cursor);
  org.advanceClock(60_000);
  await org.control('PATCH', `/records/Lead/${org.lead(1)}`, { values: { Title: 'Chief Bottle Washer' } });
  const changed = await changesSince(connected, 'Lead', first.cursor);
  expect(idsOf(changed.dirty)).toEqual([org.lead(1)]);
  expect(changed.dirty[0]?.current?.fields['contact.job_title']).toBe('Chief Bottle Washer');
  expect((await changesSince(connected, 'Lead', changed.cursor)).dirty).toEqual([]);
});

test('an edited Account makes its Contacts dirty, although their own modification time is unchanged', async () => {
  const connected = await connectedOrg({ dataset: peopleWithDeals(3, [0, 1]) });
  const { org, parts } = connected;
  const accounts = accountStream(parts);
  const begun = lastCursor(await pagesOf(accounts, null));
  org.advanceClock(600_000);
  const [account] = await org.column(`SELECT AccountId FROM Contact WHERE Id = '${org.contact(0)}'`, 'AccountId');
  await org.control('PATCH', `/records/Account/${String(account)}`, { values: { Industry: 'Banking' } });
  const dirty = (await pagesOf(accounts, begun)).flatMap((page) => page.dirty);
  expect(idsOf(dirty)).toContain(org.contact(0));
  expect(dirty[0]?.current?.fields['company.industry']).toBe('Banking');
});

test('a converted Lead is fetched as merged into its Contact, which has the fields of its Account', async () => {
  const connected = await connectedOrg();
  const { org, parts } = connected;
  const { cursor } = await firstSync(connected, 'Lead');
  org.advanceClock(600_000);
  const { body } = await org.control('POST', '/convert', { leadId: org.lead(0) });
  const { dirty } = await changesSince(connected, 'Lead', cursor);
  expect(dirty.find(({ ref }) => ref.id === org.lead(0))).toEqual({ ref: { object: 'Lead', id: org.lead(0) } });
  const into = { object: 'Contact', id: body.contactId };
  const fetched = await fetchLeads(parts, [{ object: 'Lead', id: org.lead(0) }, into], SIGNAL);
  expect(fetched).toMatchObject([
    { kind: 'merged', ref: { object: 'Lead', id: org.lead(0) }, into },
    { kind: 'lead', ref: into, fields: { 'company.name': 'Acme' } },
  ]);
});

test('fetching missing Leads tells a merged Lead from deleted and unknown ones', async () => {
  const connected = await connectedOrg({ dataset: people(4) });
  const { org, parts } = connected;
  const lead = (id: string) => ({ object: 'Lead', id });
  const never = lead(idOf('00Q', 999));
  const { cursor } = await firstSync(connected, 'Lead');
  org.advanceClock(600_000);
  await org.control('POST', '/merge', { masterId: org.lead(0), mergedId: org.lead(1) });
  await org.control('DELETE', `/records/Lead/${org.lead(2)}`);
  const refs = [lead(org.lead(1)), lead(org.lead(2)), never];
  expect(await fetchLeads(parts, refs, SIGNAL)).toEqual([
    { kind: 'merged', ref: refs[0], into: lead(org.lead(0)) },
    { kind: 'gone', ref: refs[1], erased: false },
    { kind: 'gone', ref: never, erased: false },
  ]);
  const { dirty } = await changesSince(connected, 'Lead', cursor);
  expect(dirty.filter(({ current }) => current === undefined).map(({ ref }) => ref)).toEqual([refs[0], refs[1]]);
});

test('a field that the user cannot see is null, and the other fields are read', async () => {
  const { org, parts } = await connectedOrg({
    hiddenFields: ['Lead.Email', 'Account.Industry'],
    dataset: peopleWithDeals(2, [0]),
  });
  const refs = [
    { object: 'Lead', id: org.lead(1) },
    { object: 'Contact', id: org.contact(0) },
  ];
  const [lead, contact] = await fetchLeads(parts, refs, SIGNAL);
  expect(lead).toMatchObject({ fields: { 'contact.email': null, 'contact.last_name': expect.any(String) } });
  expect(contact).toMatchObject({ fields: { 'company.industry': null, 'company.name': 'Acme' } });
});

test('a field with an ID of another CRM becomes a link in changes, fetched records and the full sync', async () => {
  const from = ['Lead.Description', 'Contact.Description'];
  const mapping = { ...shippedMapping(), links: [{ crm: 'hubspot', object: 'contacts', from }] };
  const connected = await connectedOrg({ dataset: people(3) }, { mapping });
  const { org, parts } = connected;
  const ref = { object: 'Lead', id: org.lead(1) };
  const links = [{ crm: 'hubspot', object: 'contacts', id: '4711' }];
  const { cursor } = await firstSync(connected, 'Lead');
  org.advanceClock(60_000);
  await org.control('PATCH', `/records/Lead/${ref.id}`, { values: { Description: ' 4711 ' } });
  org.advanceClock(60_000);
  const { dirty } = await changesSince(connected, 'Lead', cursor);
  expect(dirty.find((each) => each.ref.id === ref.id)?.current?.links).toEqual(links);
  expect(await fetchLeads(parts, [ref], SIGNAL)).toMatchObject([{ links }]);
  const { pages } = await firstSync(connected, 'Lead');
  expect(pages.flatMap(({ leads }) => leads).map((lead) => lead.links)).toContainEqual(links);
});

test('every property under contact.email is an address of the person, not only the first one with a value', async () => {
  const email = { from: ['Lead.Email', 'Lead.Description', 'Contact.Email'] };
  const mapping = { ...shippedMapping(), fields: { ...shippedMapping().fields, 'contact.email': email } };
  const connected = await connectedOrg({ dataset: people(3) }, { mapping });
  const { org, parts } = connected;
  const ref = { object: 'Lead', id: org.lead(1) };
  const { cursor } = await firstSync(connected, 'Lead');
  org.advanceClock(60_000);
  await org.control('PATCH', `/records/Lead/${ref.id}`, { values: { Description: 'Private@Home.example' } });
  org.advanceClock(60_000);
  const [lead] = await fetchLeads(parts, [ref], SIGNAL);
  const primary = lead?.kind === 'lead' ? String(lead.fields['contact.email']).toLowerCase() : '';
  const emails = [primary, 'private@home.example'];
  expect(lead).toMatchObject({ emails });
  const { dirty } = await changesSince(connected, 'Lead', cursor);
  expect(dirty.find((each) => each.ref.id === ref.id)?.current?.emails).toEqual(emails);
});

test('500 records are fetched in several queries, because their IDs do not fit into one URL', async () => {
  const { org, parts } = await connectedOrg({ dataset: people(500) });
  const ids = [...org.leadIds.values()];
  const fetched = await fetchLeads(
    parts,
    ids.map((id) => ({ object: 'Lead', id })),
    SIGNAL,
  );
  expect(fetched.map(({ ref }) => ref.id)).toEqual(ids);
  expect(parts.http.apiCallCount()).toBeGreaterThan(2);
});

test('all records are listed by pages: first the Leads that are not converted, then the Contacts', async () => {
  const { org, parts } = await connectedOrg({
    dataset: { ...people(2_005), opportunities: peopleWithDeals(3, [0, 1]).opportunities },
  });
  const listed: string[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof listAllRecords>> = await listAllRecords(parts, after, SIGNAL);
    listed.push(...page.refs.map(({ id }) => id));
    after = page.after;
  } while (after !== null);
  const expected = [...org.leadIds].map(([key, id]) => org.contactIds.get(key) ?? id);
  expect(listed.toSorted()).toEqual(expected.toSorted());
});
