// Marketing e-mails, lists and marketing events, read from the sandbox.
import { beforeEach, describe, expect, test } from 'vitest';
import { create, settingsSchema } from '../../../../connectors/hubspot/index.ts';
import type { SeedActivity } from '../../../../sandbox/dataset/dataset.ts';
import type { HubSpotSandboxOptions } from '../../../../sandbox/hubspot/start.ts';
import { endWithTest } from '../../../../sandbox/test/end-with-test.ts';
import {
  NOW,
  people,
  startTestSandbox,
  type TestSandbox,
} from '../../../../sandbox/test/hubspot/sandbox-under-test.ts';
import type { ChangePage, CrmConnector, Cursor } from '../../../../src/crm/connector.ts';
import type { Mapping } from '../../../../src/mapping/mapping.ts';
import { createMemoryLimiter } from '../../../support/memory-limiter.ts';
import { shippedMapping } from '../hubspot-fixture.ts';

const { signal } = new AbortController();
const minute = 60_000;
let sandbox: TestSandbox;
let connector: CrmConnector;
let now: number;

async function open(options: Partial<HubSpotSandboxOptions> = {}, mapping: Mapping = shippedMapping()) {
  now = NOW.getTime();
  sandbox = await startTestSandbox({ searchLagMs: 0, ...options });
  const settings = settingsSchema.parse({ HUBSPOT_ACCESS_TOKEN: sandbox.accessToken, HUBSPOT_API_URL: sandbox.url });
  const clock = { now: () => new Date(now) };
  connector = create({ settings, mapping, limiter: createMemoryLimiter(), clock });
  endWithTest(connector.close);
}

function advanceClock(ms: number) {
  now += ms;
  sandbox.advanceClock(ms);
}

async function addActivity(contact: number, type: string, attributes = {}) {
  const { status } = await sandbox.control('POST', '/activities', { contactId: sandbox.id(contact), type, attributes });
  expect(status).toBe(201);
}

async function sync(id: string, cursor: Cursor | null = null): Promise<ChangePage[]> {
  const pages: ChangePage[] = [];
  const stream = connector.streams.find((candidate) => candidate.id === id)!;
  for await (const page of connector.listChanges(stream, cursor, signal)) pages.push(page);
  return pages;
}

/** Syncs as if the process were killed after every page. */
async function syncInPieces(id: string): Promise<ChangePage[]> {
  const pages: ChangePage[] = [];
  const stream = connector.streams.find((candidate) => candidate.id === id)!;
  let cursor: Cursor | null = null;
  for (let isFullSync = true; isFullSync && pages.length < 50; ) {
    isFullSync = false;
    for await (const page of connector.listChanges(stream, cursor, signal)) {
      pages.push(page);
      cursor = JSON.parse(JSON.stringify(page.cursor));
      isFullSync = page.isFullSync && page.activities.length > 0;
      break;
    }
  }
  return pages;
}

const activitiesOf = (pages: readonly ChangePage[]) => pages.flatMap(({ activities }) => activities);
const endOf = (pages: readonly ChangePage[]) => pages.at(-1)!.cursor;
const typesOf = (pages: readonly ChangePage[]) =>
  activitiesOf(pages)
    .map(({ type }) => type)
    .toSorted();

/** Path and query of the sandbox's calls since the last `resetLog`, filtered by path. */
async function callsTo(pattern: RegExp): Promise<string[]> {
  const text: string = (await sandbox.control('GET', '/log')).body;
  const lines = text.split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line))
    .flatMap(({ path, query }) => (pattern.test(path) ? [`${path}?${query}`] : []));
}
const resetLog = () => sandbox.control('POST', '/reset-log');

describe('marketing e-mails:', () => {
  const delivered = (count: number): SeedActivity[] =>
    Array.from({ length: count }, (_, at) => {
      const email = at % 2 === 0 ? 'News' : 'Offer';
      return {
        person: `p${at % 3}`,
        type: 'email_delivered',
        at: NOW.getTime() - (at + 1) * minute,
        attributes: { email },
      };
    });

  test('each event becomes an activity of the contact with its address, with the name of the e-mail', async () => {
    await open();
    for (const type of ['email_delivered', 'email_open', 'email_open_bot', 'email_click', 'email_click_bot']) {
      await addActivity(1, type, { email: 'March news', url: 'https://example.com/pricing' });
    }
    for (const type of ['email_bounce', 'unsubscribe']) await addActivity(2, type, { email: 'March news' });
    advanceClock(minute);
    const pages = await sync('marketing_emails');
    expect(typesOf(pages)).toEqual([
      ...['email_bounce', 'email_click', 'email_delivered', 'email_open', 'email_open_bot', 'unsubscribe'],
    ]);
    const found = activitiesOf(pages);
    expect(found.find(({ type }) => type === 'email_click')).toEqual({
      id: expect.stringMatching(/^mail:/),
      ref: { object: 'contacts', id: sandbox.id(1) },
      type: 'email_click',
      at: NOW.getTime(),
      attributes: { email: 'March news', url: 'https://example.com/pricing' },
    });
    expect(found.find(({ type }) => type === 'email_bounce')?.attributes.category).toBe('UNKNOWN_USER');
    expect(await callsTo(/campaigns/)).toHaveLength(1);
    await resetLog();
    expect(await sync('marketing_emails', endOf(pages))).toEqual([]);
    expect(await callsTo(/email\/public/)).toHaveLength(1);
    expect(await callsTo(/batch\/read/)).toEqual([]);
  });

  test('e-mails that were dropped, deferred, printed or reported as spam are no activity, and an event without a type stops no others', async () => {
    await open();
    const silent = ['email_dropped', 'email_deferred', 'email_print', 'email_forward', 'email_spam_report'];
    for (const type of [...silent, 'email_unbounce', 'email_open']) await addActivity(1, type);
    // From one of several subscriptions.
    await addActivity(1, 'unsubscribe', { list: '7' });
    advanceClock(minute);
    const pages = await sync('marketing_emails');
    expect(typesOf(pages)).toEqual(['email_open']);
    expect(pages.flatMap(({ failed = [] }) => failed)).toEqual([]);
  });

  test('1,200 events are read once each in pages of a thousand, even if the process is killed after every page', async () => {
    await open({ dataset: people(3, delivered(1200)) });
    const pages = await sync('marketing_emails');
    // The mapping skips the events of sending.
    expect(pages.map(({ activities }) => activities.length)).toEqual([334, 333, 333, 200]);
    expect(pages.map((page) => page.isFullSync)).toEqual([true, true, true, true]);
    const pieces = activitiesOf(await syncInPieces('marketing_emails'));
    expect(pieces).toEqual(activitiesOf(pages));
    expect(new Set(pieces.map(({ id }) => id)).size).toBe(1200);
  });

  test('a window whose next page has expired in HubSpot is read again from its start', async () => {
    await open({ dataset: people(3, delivered(5)) });
    const stale = { from: NOW.getTime() - 60 * minute, to: NOW.getTime() + 1, after: '!', seen: [], isFullSync: true };
    expect(activitiesOf(await sync('marketing_emails', stale))).toHaveLength(5);
  });

  test('an event whose contact does not exist yet is read when the contact exists', async () => {
    await open();
    await addActivity(0, 'email_open');
    const email = (value: string) =>
      sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { email: value } });
    await email('other@acme.example');
    advanceClock(minute);
    const first = await sync('marketing_emails');
    expect(activitiesOf(first)).toEqual([]);
    await email('p0@acme.example');
    expect(typesOf(await sync('marketing_emails', endOf(first)))).toEqual(['email_open']);
  });

  test('without a Professional subscription they are unavailable, and the fix names the scope', async () => {
    await open({ tier: 'free' });
    const availability = await connector.probeStreams(signal);
    const unavailableOf = (id: string) => availability.find(({ stream }) => stream === id)?.unavailable;
    expect(unavailableOf('marketing_emails')?.fix).toContain('the scope content');
    for (const id of ['form_submissions', 'lists']) expect(unavailableOf(id)).toBeNull();
    await expect(sync('marketing_emails')).rejects.toMatchObject({ kind: 'forbidden' });
  });
});

describe('HubSpot lists:', () => {
  const createList = async (name: string) => (await sandbox.control('POST', '/lists', { name })).body.id;
  const join = (list: string, contact: number) =>
    sandbox.control('PUT', `/lists/${list}/members`, { contactId: sandbox.id(contact) });
  const leave = (list: string, contact: number) =>
    sandbox.control('DELETE', `/lists/${list}/members`, { contactId: sandbox.id(contact) });
  const settle = async (cursor: Cursor) => {
    advanceClock(6 * minute);
    return endOf(await sync('lists', cursor));
  };

  test('joining a mapped list is an activity, other lists are never read, and an idle poll costs one call', async () => {
    await open();
    const list = await createList('Leadgrade: webinar guests');
    const other = await createList('All contacts');
    await join(list, 0);
    await join(other, 1);
    const pages = await sync('lists');
    expect(activitiesOf(pages)).toEqual([
      {
        id: `list:${list}`,
        ref: { object: 'contacts', id: sandbox.id(0) },
        type: 'list_joined',
        at: NOW.getTime(),
        attributes: { list: 'Leadgrade: webinar guests' },
      },
    ]);
    expect(pages.map(({ isFullSync }) => isFullSync)).toEqual([true, false]);
    const settled = await settle(endOf(pages));
    await join(other, 2);
    await leave(list, 0);
    await resetLog();
    expect(await sync('lists', settled)).toEqual([]);
    expect(await callsTo(/lists/)).toHaveLength(1);
    await join(list, 1);
    const later = await sync('lists', settled);
    expect(activitiesOf(later).map(({ ref }) => ref.id)).toEqual([sandbox.id(1)]);
    expect(later.flatMap(({ gone }) => gone)).toEqual([]);
  });

  test('only the last page of a long list is read again, and after earlier members left no new member is missed', async () => {
    await open({ dataset: people(540) });
    const list = await createList('Leadgrade long');
    for (let number = 0; number < 520; number += 1) {
      await join(list, number);
      sandbox.advanceClock(1);
    }
    now += 520;
    const pages = await syncInPieces('lists');
    expect(new Set(activitiesOf(pages).map(({ ref }) => ref.id)).size).toBe(520);
    const settled = await settle(endOf(pages));
    await join(list, 520);
    await resetLog();
    expect(activitiesOf(await sync('lists', settled)).map(({ ref }) => ref.id)).toContain(sandbox.id(520));
    expect(await callsTo(/join-order/)).toEqual([expect.stringContaining(`after=${encodeURIComponent(btoa('500 '))}`)]);
    for (let number = 0; number < 40; number += 1) await leave(list, number);
    advanceClock(1);
    for (const number of [521, 522]) await join(list, number);
    const found = activitiesOf(await sync('lists', settled)).map(({ ref }) => ref.id);
    expect(found).toEqual(expect.arrayContaining([sandbox.id(520), sandbox.id(521), sandbox.id(522)]));
  });

  test('a list that was deleted after the search is skipped, and the other lists are still read', async () => {
    await open();
    for (const name of ['Leadgrade a', 'Leadgrade b']) await join(await createList(name), 0);
    const body = { status: 'error', message: 'List does not exist with ID 8.', category: 'OBJECT_NOT_FOUND' };
    await sandbox.control('PUT', '/faults', [{ match: { path: 'join-order', nth: 1 }, action: { status: 404, body } }]);
    expect(activitiesOf(await sync('lists')).map(({ attributes }) => attributes.list)).toEqual(['Leadgrade b']);
  });
});

describe('marketing events:', () => {
  beforeEach(async () => {
    const mapping = shippedMapping();
    const rule = {
      from: 'marketing_events',
      type: 'event_attended',
      when: { field: 'attendanceState', is: 'ATTENDED' },
      at: 'occurredAt',
      attributes: { name: 'event_name' },
    };
    await open({}, { ...mapping, activities: [...(mapping.activities ?? []), rule] });
  });

  test('an attendance is an activity, a registration or a cancellation is not, and an idle poll costs one call', async () => {
    const { id } = (await sandbox.control('POST', '/marketing-events', { name: 'Fair' })).body;
    const participate = (contact: number, state: string) =>
      sandbox.control('PUT', `/marketing-events/${id}/participations`, { contactId: sandbox.id(contact), state });
    await participate(0, 'ATTENDED');
    await participate(1, 'REGISTERED');
    await participate(2, 'CANCELLED');
    const pages = await sync('marketing_events');
    expect(activitiesOf(pages)).toEqual([
      {
        id: `attended:${id}`,
        ref: { object: 'contacts', id: sandbox.id(0) },
        type: 'event_attended',
        at: NOW.getTime(),
        attributes: { name: 'Fair' },
      },
    ]);
    advanceClock(6 * minute);
    const settled = endOf(await sync('marketing_events', endOf(pages)));
    await resetLog();
    expect(await sync('marketing_events', settled)).toEqual([]);
    expect(await callsTo(/marketing-events/)).toHaveLength(1);
    await participate(1, 'ATTENDED');
    const later = activitiesOf(await sync('marketing_events', settled));
    expect(later.map(({ ref }) => ref.id)).toContain(sandbox.id(1));
  });
});
