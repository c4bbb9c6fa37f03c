// Marketing e-mails, lists and marketing events: format, paging and user actions.
import { beforeEach, describe, expect, test } from 'vitest';
import type { SeedActivity } from '../../dataset/dataset.ts';
import { NOW, people, startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;

const minute = (at: number) => Date.parse('2026-02-01T00:00:00Z') + at * 60_000;
const act = (number: number, type: string, attributes = {}) =>
  sandbox.control('POST', '/activities', { contactId: sandbox.id(number), type, attributes });

describe('events of marketing e-mails', () => {
  const EVENTS = '/email/public/v1/events';
  const delivered = (count: number): SeedActivity[] =>
    Array.from({ length: count }, (_, at) => {
      return { person: `p${at % 3}`, type: 'email_delivered', at: minute(at), attributes: { email: 'News' } };
    });

  test('are returned newest first, 10 by default and at most 1,000 per page, with events of sending and processing for each delivery', async () => {
    sandbox = await startTestSandbox({ dataset: people(3, delivered(40)) });
    const { body } = await sandbox.call('GET', EVENTS);
    expect(body).toMatchObject({ hasMore: true, offset: expect.any(String) });
    expect(body.events).toHaveLength(10);
    expect(body.events[0]).toMatchObject({
      type: 'DELIVERED',
      created: minute(39),
      recipient: 'p0@acme.example',
      emailCampaignId: expect.any(Number),
      portalId: Number(sandbox.portalId),
    });
    const [{ sentBy }, processed, sent] = body.events;
    expect(processed).toMatchObject({ type: 'PROCESSED', created: minute(39) - 1000, sentBy });
    expect(sent).toMatchObject({ type: 'SENT', id: sentBy.id, created: minute(39) - 2000 });
    expect((await sandbox.call('GET', `${EVENTS}?limit=1001`)).status).toBe(400);
    expect((await sandbox.call('GET', `${EVENTS}?offset=x`)).status).toBe(400);
    const campaign = await sandbox.call(
      'GET',
      `/email/public/v1/campaigns/${body.events[0].emailCampaignId}?appId=113`,
    );
    expect(campaign.body).toMatchObject({ name: 'News', subject: 'News' });
    expect((await sandbox.call('GET', '/email/public/v1/campaigns/1')).status).toBe(404);
  });

  test('of one type in a time window are returned in pages, and both ends of the window are exclusive', async () => {
    sandbox = await startTestSandbox({ dataset: people(3, delivered(40)) });
    const path = `${EVENTS}?eventType=DELIVERED&startTimestamp=${minute(9)}&endTimestamp=${minute(20)}&limit=6`;
    const first = (await sandbox.call('GET', path)).body;
    const rest = (await sandbox.call('GET', `${path}&offset=${first.offset}`)).body;
    const found = [...first.events, ...rest.events].map(({ created }: { created: number }) => created);
    expect(found).toEqual(Array.from({ length: 10 }, (_, at) => minute(19 - at)));
    expect([first.hasMore, rest.hasMore]).toEqual([true, false]);
  });

  test('are returned after a delay, flag opens by machines, which can be left out, and an unsubscribe opts the contact out', async () => {
    sandbox = await startTestSandbox();
    for (const type of ['email_open', 'email_open_bot', 'unsubscribe']) await act(1, type);
    expect((await sandbox.call('GET', EVENTS)).body).toEqual({ hasMore: false, offset: '', events: [] });
    sandbox.advanceClock(2000);
    const read = async (query: string) => (await sandbox.call('GET', `${EVENTS}?${query}`)).body.events;
    const flags = (await read('eventType=OPEN')).map((each: { filteredEvent: boolean }) => each.filteredEvent);
    expect(flags.toSorted()).toEqual([false, true]);
    expect(await read('eventType=OPEN&excludeFilteredEvents=true')).toHaveLength(1);
    expect((await read('eventType=STATUSCHANGE'))[0].portalSubscriptionStatus).toBe('UNSUBSCRIBED');
    const contact = await sandbox.control('GET', `/contacts/${sandbox.id(1)}`);
    expect(contact.body.properties).toMatchObject({
      hs_email_optout: 'true',
      lastmodifieddate: NOW.toISOString(),
    });
  });

  test('include those of e-mails that were dropped, deferred or reported as spam; an unbounce names no recipient', async () => {
    sandbox = await startTestSandbox({ searchLagMs: 0 });
    for (const type of ['email_dropped', 'email_deferred', 'email_spam_report', 'email_unbounce']) await act(1, type);
    await act(2, 'unsubscribe', { list: '7' });
    sandbox.advanceClock(1);
    const { events } = (await sandbox.call('GET', `${EVENTS}?limit=20`)).body;
    const typed: Record<string, unknown>[] = events;
    expect(typed.map(({ type }) => type ?? 'none').toSorted()).toEqual([
      ...['DEFERRED', 'DROPPED', 'PROCESSED', 'SENT', 'SPAMREPORT', 'STATUSCHANGE', 'none'],
    ]);
    expect(typed.find(({ type }) => type === undefined)).toEqual({ id: expect.any(String), created: NOW.getTime() });
    const change = typed.find(({ type }) => type === 'STATUSCHANGE');
    expect(change).toMatchObject({ subscriptions: [{ id: 7, status: 'UNSUBSCRIBED' }] });
    expect(change).not.toHaveProperty('portalSubscriptionStatus');
    const contact = await sandbox.control('GET', `/contacts/${sandbox.id(2)}`);
    expect(contact.body.properties.hs_email_optout).not.toBe('true');
  });
});

describe('contact lists', () => {
  const SEARCH = '/crm/lists/2026-03/search';
  const additionalProperties = ['hs_list_size', 'hs_last_record_added_at'];
  let id: string;
  beforeEach(async () => {
    sandbox = await startTestSandbox();
    id = (await sandbox.control('POST', '/lists', { name: 'Leadgrade guests', type: 'DYNAMIC' })).body.id;
  });

  test('are found by part of their name, and return size and last joining on request', async () => {
    await sandbox.control('POST', '/lists', { name: 'Other' });
    expect((await sandbox.call('POST', SEARCH, { count: 1 })).body).toMatchObject({
      total: 2,
      offset: 1,
      hasMore: true,
    });
    const search = async () =>
      (await sandbox.call('POST', SEARCH, { query: 'guest', additionalProperties })).body.lists;
    expect(await search()).toEqual([
      expect.objectContaining({
        listId: id,
        name: 'Leadgrade guests',
        processingType: 'DYNAMIC',
        objectTypeId: '0-1',
        additionalProperties: { hs_list_size: '0' },
      }),
    ]);
    await sandbox.control('PUT', `/lists/${id}/members`, { contactId: sandbox.id(0) });
    expect((await search())[0].additionalProperties).toEqual({
      hs_list_size: '1',
      hs_last_record_added_at: String(NOW.getTime()),
    });
    expect((await sandbox.call('POST', SEARCH, { count: 501 })).status).toBe(400);
  });

  test('return their members by joining time, without contacts that left, were deleted or were merged into another', async () => {
    const members = async (query = '') =>
      (await sandbox.call('GET', `/crm/lists/2026-03/${id}/memberships/join-order${query}`)).body;
    for (const number of [2, 0, 1]) {
      await act(number, 'list_joined', { list: 'Leadgrade guests' });
      sandbox.advanceClock(1000);
    }
    const first = await members('?limit=2');
    expect(first.results[0]).toEqual({ recordId: sandbox.id(2), membershipTimestamp: NOW.toISOString() });
    const { results } = await members(`?limit=2&after=${first.paging.next.after}`);
    expect(results.map(({ recordId }: { recordId: string }) => recordId)).toEqual([sandbox.id(1)]);
    await sandbox.control('DELETE', `/lists/${id}/members`, { contactId: sandbox.id(2) });
    await sandbox.control('POST', '/merge', { primaryId: sandbox.id(2), mergedId: sandbox.id(1) });
    await sandbox.control('DELETE', `/contacts/${sandbox.id(0)}`);
    expect((await members()).results.map(({ recordId }: { recordId: string }) => recordId)).toEqual([sandbox.id(2)]);
    await sandbox.control('DELETE', `/lists/${id}`);
    expect((await sandbox.call('GET', `/crm/lists/2026-03/${id}/memberships/join-order`)).status).toBe(404);
  });
});

test('marketing events count registrants and attendees, and list the participations', async () => {
  sandbox = await startTestSandbox();
  const { id } = (await sandbox.control('POST', '/marketing-events', { name: 'Fair' })).body;
  await sandbox.control('PUT', `/marketing-events/${id}/participations`, {
    contactId: sandbox.id(0),
    state: 'REGISTERED',
  });
  await act(1, 'event_attended', { name: 'Fair' });
  const { results } = (await sandbox.call('GET', '/marketing/marketing-events/2026-03')).body;
  expect(results).toMatchObject([{ objectId: id, eventName: 'Fair', registrants: 1, attendees: 1 }]);
  const breakdown = `/marketing/marketing-events/2026-03/participations/${id}/breakdown`;
  const attended = (await sandbox.call('GET', `${breakdown}?state=ATTENDED`)).body;
  expect(attended.results).toMatchObject([
    {
      associations: { contact: { contactId: sandbox.id(1) }, marketingEvent: { name: 'Fair' } },
      properties: { attendanceState: 'ATTENDED', occurredAt: NOW.getTime() },
    },
  ]);
  const paged = (await sandbox.call('GET', `${breakdown}?limit=1`)).body;
  expect(paged).toMatchObject({ total: 2, paging: { next: { after: 'MQ%3D%3D' } } });
});
