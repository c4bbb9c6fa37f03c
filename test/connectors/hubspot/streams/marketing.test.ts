// Marketing e-mails, lists and marketing events, read from the sandbox.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { create, settingsSchema } from '../../../../connectors/hubspot/index.ts';
import type { SeedActivity } from '../../../../sandbox/dataset/dataset.ts';
import type { HubSpotSandboxOptions } from '../../../../sandbox/hubspot/start.ts';
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
}

afterEach(async () => {
  await connector.close();
  await sandbox.close();
});

function pass(ms: number) {
  now += ms;
  sandbox.pass(ms);
}

async function act(number: number, type: string, attributes = {}) {
  const { status } = await sandbox.control('POST', '/activities', { contactId: sandbox.id(number), type, attributes });
  expect(status).toBe(201);
}

async function pull(id: string, cursor: Cursor | null = null): Promise<ChangePage[]> {
  const pages: ChangePage[] = [];
  const stream = connector.streams.find((each) => each.id === id)!;
  for await (const page of connector.listChanges(stream, cursor, signal)) pages.push(page);
  return pages;
}

/** As if the process had been killed after every page. */
async function pullInPieces(id: string): Promise<ChangePage[]> {
  const pages: ChangePage[] = [];
  const stream = connector.streams.find((each) => each.id === id)!;
  let cursor: Cursor | null = null;
  for (let whole = true; whole && pages.length < 50; ) {
    whole = false;
    for await (const page of connector.listChanges(stream, cursor, signal)) {
      pages.push(page);
      cursor = JSON.parse(JSON.stringify(page.cursor));
      whole = page.whole && page.activities.length > 0;
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

/** What the sandbox was asked since then: method, path and query. */
async function asked(of: RegExp): Promise<string[]> {
  const text: string = (await sandbox.control('GET', '/log')).body;
  const lines = text.split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line))
    .flatMap(({ path, query }) => (of.test(path) ? [`${path}?${query}`] : []));
}
const forget = () => sandbox.control('POST', '/reset-log');

describe('marketing emails', () => {
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

  test('each event is what the mapping makes of it, for the contact with that address, with the name of the email', async () => {
    await open();
    for (const type of ['email_delivered', 'email_open', 'email_open_bot', 'email_click', 'email_click_bot']) {
      await act(1, type, { email: 'March news', url: 'https://example.com/pricing' });
    }
    for (const type of ['email_bounce', 'unsubscribe']) await act(2, type, { email: 'March news' });
    pass(minute);
    const pages = await pull('marketing_emails');
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
    expect(await asked(/campaigns/)).toHaveLength(1);
    await forget();
    expect(await pull('marketing_emails', endOf(pages))).toEqual([]);
    expect(await asked(/email\/public/)).toHaveLength(1);
    expect(await asked(/batch\/read/)).toEqual([]);
  });

  test('an email to many comes in pages of a thousand events, all of them once, however often the process is killed', async () => {
    await open({ dataset: people(3, delivered(1200)) });
    const whole = await pull('marketing_emails');
    // Sending is an event too, and is not kept.
    expect(whole.map(({ activities }) => activities.length)).toEqual([500, 500, 200]);
    expect(whole.map((page) => page.whole)).toEqual([true, true, true]);
    const pieces = activitiesOf(await pullInPieces('marketing_emails'));
    expect(pieces).toEqual(activitiesOf(whole));
    expect(new Set(pieces.map(({ id }) => id)).size).toBe(1200);
  });

  test('a place in a window that HubSpot has forgotten has the window read anew', async () => {
    await open({ dataset: people(3, delivered(5)) });
    const stale = { from: NOW.getTime() - 60 * minute, to: NOW.getTime() + 1, after: '!', seen: [], whole: true };
    expect(activitiesOf(await pull('marketing_emails', stale))).toHaveLength(5);
  });

  test('an event whose contact is not there yet is found when it is', async () => {
    await open();
    await act(0, 'email_open');
    const email = (value: string) =>
      sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { email: value } });
    await email('other@acme.example');
    pass(minute);
    const first = await pull('marketing_emails');
    expect(activitiesOf(first)).toEqual([]);
    await email('p0@acme.example');
    expect(typesOf(await pull('marketing_emails', endOf(first)))).toEqual(['email_open']);
  });

  test('below Professional they are not shown, and the scope that opens them is named', async () => {
    await open({ tier: 'free' });
    const sights = await connector.probeStreams(signal);
    const deniedOf = (id: string) => sights.find(({ stream }) => stream === id)?.unavailable;
    expect(deniedOf('marketing_emails')?.fix).toContain('the scope content');
    for (const open of ['form_submissions', 'lists']) expect(deniedOf(open)).toBeNull();
    await expect(pull('marketing_emails')).rejects.toMatchObject({ kind: 'forbidden' });
  });
});

describe('lists', () => {
  const make = async (name: string) => (await sandbox.control('POST', '/lists', { name })).body.id;
  const join = (list: string, number: number) =>
    sandbox.control('PUT', `/lists/${list}/members`, { contactId: sandbox.id(number) });
  const leave = (list: string, number: number) =>
    sandbox.control('DELETE', `/lists/${list}/members`, { contactId: sandbox.id(number) });
  const settle = async (cursor: Cursor) => {
    pass(6 * minute);
    return endOf(await pull('lists', cursor));
  };

  test('joining one that the mapping names is an activity; others are never read, and an idle poll is one call', async () => {
    await open();
    const list = await make('Leadgrade: webinar guests');
    const other = await make('Everybody');
    await join(list, 0);
    await join(other, 1);
    const pages = await pull('lists');
    expect(activitiesOf(pages)).toEqual([
      {
        id: `list:${list}`,
        ref: { object: 'contacts', id: sandbox.id(0) },
        type: 'list_joined',
        at: NOW.getTime(),
        attributes: { list: 'Leadgrade: webinar guests' },
      },
    ]);
    expect(pages.map(({ whole }) => whole)).toEqual([true, false]);
    const settled = await settle(endOf(pages));
    await join(other, 2);
    await leave(list, 0);
    await forget();
    expect(await pull('lists', settled)).toEqual([]);
    expect(await asked(/lists/)).toHaveLength(1);
    await join(list, 1);
    const later = await pull('lists', settled);
    expect(activitiesOf(later).map(({ ref }) => ref.id)).toEqual([sandbox.id(1)]);
    expect(later.flatMap(({ gone }) => gone)).toEqual([]);
  });

  test('of a long list only its end is read again; when somebody has left in front of it, nobody is missed', async () => {
    await open({ dataset: people(540) });
    const list = await make('Leadgrade long');
    for (let number = 0; number < 520; number += 1) {
      await join(list, number);
      sandbox.pass(1);
    }
    now += 520;
    const pages = await pullInPieces('lists');
    expect(new Set(activitiesOf(pages).map(({ ref }) => ref.id)).size).toBe(520);
    const settled = await settle(endOf(pages));
    await join(list, 520);
    await forget();
    expect(activitiesOf(await pull('lists', settled)).map(({ ref }) => ref.id)).toContain(sandbox.id(520));
    expect(await asked(/join-order/)).toEqual([expect.stringContaining('after=500')]);
    for (let number = 0; number < 40; number += 1) await leave(list, number);
    pass(1);
    for (const number of [521, 522]) await join(list, number);
    const found = activitiesOf(await pull('lists', settled)).map(({ ref }) => ref.id);
    expect(found).toEqual(expect.arrayContaining([sandbox.id(520), sandbox.id(521), sandbox.id(522)]));
  });

  test('one that was deleted after it was found closes nothing: the others are read', async () => {
    await open();
    for (const name of ['Leadgrade a', 'Leadgrade b']) await join(await make(name), 0);
    const body = { status: 'error', message: 'List does not exist with ID 8.', category: 'OBJECT_NOT_FOUND' };
    await sandbox.control('PUT', '/faults', [{ match: { path: 'join-order', nth: 1 }, action: { status: 404, body } }]);
    expect(activitiesOf(await pull('lists')).map(({ attributes }) => attributes.list)).toEqual(['Leadgrade b']);
  });
});

describe('marketing events', () => {
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

  test('taking part is an activity, registering or canceling is none; an idle poll is one call', async () => {
    const { id } = (await sandbox.control('POST', '/marketing-events', { name: 'Fair' })).body;
    const took = (number: number, state: string) =>
      sandbox.control('PUT', `/marketing-events/${id}/participations`, { contactId: sandbox.id(number), state });
    await took(0, 'ATTENDED');
    await took(1, 'REGISTERED');
    await took(2, 'CANCELLED');
    const pages = await pull('marketing_events');
    expect(activitiesOf(pages)).toEqual([
      {
        id: `attended:${id}`,
        ref: { object: 'contacts', id: sandbox.id(0) },
        type: 'event_attended',
        at: NOW.getTime(),
        attributes: { name: 'Fair' },
      },
    ]);
    pass(6 * minute);
    const settled = endOf(await pull('marketing_events', endOf(pages)));
    await forget();
    expect(await pull('marketing_events', settled)).toEqual([]);
    expect(await asked(/marketing-events/)).toHaveLength(1);
    await took(1, 'ATTENDED');
    const later = activitiesOf(await pull('marketing_events', settled));
    expect(later.map(({ ref }) => ref.id)).toContain(sandbox.id(1));
  });
});
