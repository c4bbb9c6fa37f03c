// The HTTP callouts (JSON) that the flows of an org send.
import { describe, expect, test } from 'vitest';
import { createReceiver } from '../../../../connectors/salesforce/webhook/receiver.ts';
import { idOf } from '../../../../sandbox/salesforce/ids.ts';
import { PRIORITY } from '../../../../src/domain/priority.ts';
import { accepted, json, LEAD, LEAD_15, ORG, ORG_15, RECEIVED, receiver, STREAMS, TOKEN } from './webhook-documents.ts';

const LEAD_EVENT = {
  key: `flow:${ORG}:Lead:${LEAD}:2026-03-10T12:00:00.400Z`,
  account: ORG,
  subject: { kind: 'record', ref: { object: 'Lead', id: LEAD } },
  priority: PRIORITY.change,
  occurredAt: null,
};
const lead = { object: 'Lead', id: LEAD };

describe('a callout', () => {
  test.each([
    ['a list of records', { orgId: ORG, records: [lead] }],
    ['one record', { orgId: ORG, ...lead }],
    ['IDs of 15 characters', { orgId: ORG_15, records: [{ ...lead, id: LEAD_15 }] }],
    ['further properties', { orgId: ORG, records: [{ ...lead, Name: 'Ann', changedAt: 'soon' }], apiName: 'x' }],
  ])('a callout with %s yields an event for its lead', (_name, body) => {
    expect(accepted(json(body))).toEqual({
      kind: 'accepted',
      events: [LEAD_EVENT],
      unparsed: [],
      ignored: {},
      response: { contentType: 'application/json', body: '{"ok":true}' },
    });
  });

  test('two callouts for one lead with 1 ms between them yield two events', () => {
    const keyAt = (ms: number) => {
      const receivedAt = new Date(RECEIVED.getTime() + ms);
      return accepted(json({ orgId: ORG, ...lead }, { receivedAt })).events[0]?.key;
    };
    expect(keyAt(1)).not.toBe(keyAt(0));
    expect(keyAt(0)).toBe(keyAt(0));
  });

  test('a callout of an import yields low-priority events for every object', () => {
    const records = [lead, { object: 'Task', id: idOf('00T', 1) }];
    const { events } = accepted(json({ orgId: ORG, source: 'import', records }));
    expect(events.map(({ priority }) => priority)).toEqual([PRIORITY.import, PRIORITY.import]);
    expect(accepted(json({ orgId: ORG, records })).events[1]?.priority).toBe(PRIORITY.activity);
  });

  test.each(['Case', 'Invoice__c'])(
    'a callout about a %s, which Leadgrade does not read, is counted but not stored',
    (object) => {
      const records = [{ object, id: idOf('a00', 1), Subject: 'My printer burns' }, lead];
      const { response: _, ...read } = accepted(json({ orgId: ORG, records }));
      expect(read).toEqual({ kind: 'accepted', events: [LEAD_EVENT], unparsed: [], ignored: { ignored_object: 1 } });
    },
  );
});

describe('the org', () => {
  const receiverOfOrg = createReceiver({ token: TOKEN, orgId: ORG_15, streams: STREAMS });

  test('a callout without orgId is accepted if SALESFORCE_ORG_ID is set', () => {
    expect(accepted(json(lead), receiverOfOrg).events).toEqual([LEAD_EVENT]);
    expect(accepted(json({ orgId: ORG, ...lead }), receiverOfOrg).events).toEqual([LEAD_EVENT]);
  });

  test('a callout with an empty list, which only tests the URL, is answered and stores nothing', () => {
    const { response, ...read } = accepted(json({ records: [] }), receiverOfOrg);
    expect([read, response?.body]).toEqual([
      { kind: 'accepted', events: [], unparsed: [], ignored: {} },
      '{"ok":true}',
    ]);
  });

  test('a callout of another org is counted but not stored', () => {
    const other = { orgId: '00DAA0000000001', records: [lead, {}] };
    expect(accepted(json(other), receiverOfOrg)).toMatchObject({
      events: [],
      unparsed: [],
      ignored: { other_account: 2 },
    });
  });
});

describe('the token', () => {
  const headers = { 'content-type': 'application/json' };

  test('a callout to the path "flow" with the token in a header is accepted', () => {
    const sent = json(lead, { pathSuffix: 'flow', headers: { ...headers, 'x-leadgrade-token': TOKEN } });
    expect(receiver.preCheck(sent)).toBeNull();
    expect(accepted(sent).unparsed).toMatchObject([{ reason: expect.stringContaining('no valid "orgId"') }]);
  });

  test.each([undefined, '', TOKEN.slice(1), `${TOKEN},${TOKEN}`])(
    'a callout to the path "flow" with the wrong token %j in the header is refused with 404',
    (given) => {
      const sent = json(lead, { pathSuffix: 'flow', headers: { ...headers, 'x-leadgrade-token': given } });
      expect(receiver.preCheck(sent)).toMatchObject({ status: 404, reason: 'bad_token' });
    },
  );

  test('a callout to any other path is refused with 404, even with the right token in the header', () => {
    const sent = json(lead, { pathSuffix: 'other', headers: { ...headers, 'x-leadgrade-token': TOKEN } });
    expect(receiver.preCheck(sent)).toMatchObject({ status: 404 });
  });
});

describe('an unparsed callout is stored', () => {
  test.each([
    ['truncated JSON', '{"orgId":', 'not JSON'],
    ['a list', [lead], 'not JSON of the form'],
    ['null', 'null', 'not JSON of the form'],
    ['a text in place of the records', { orgId: ORG, records: 'all' }, 'not JSON of the form'],
    ['no org', lead, 'no valid "orgId"'],
    ['an invalid org ID', { orgId: LEAD, ...lead }, 'no valid "orgId"'],
  ])('a callout with %s is stored as a whole', (_name, body, reason) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(accepted(json(text))).toMatchObject({
      events: [],
      unparsed: [{ text, reason: expect.stringContaining(reason) }],
    });
  });

  test.each([
    ['a record without ID', { object: 'Lead' }],
    ['a record with an invalid ID', { object: 'Lead', id: 'ann@acme.example' }],
    ['a record with an ID of another object', { object: 'Lead', id: idOf('003', 1) }],
    ['a record with an invalid object name', { object: 'Lead; drop', id: LEAD }],
    ['a null record', null],
  ])('%s is stored with its org, and the other records of the callout are accepted', (_name, record) => {
    const { events, unparsed } = accepted(json({ orgId: ORG_15, records: [record, lead] }));
    const text = JSON.stringify({ orgId: ORG, records: [record] });
    expect(events).toEqual([LEAD_EVENT]);
    expect(unparsed).toMatchObject([{ text, account: ORG }]);
    expect(receiver.reparse(text, RECEIVED).unparsed).toMatchObject([{ text, account: ORG }]);
  });

  test('a stored callout can be parsed again, with the priority of its source', () => {
    for (const [source, priority] of [['import', PRIORITY.import] as const, ['x', PRIORITY.change] as const]) {
      const [part] = accepted(json({ orgId: ORG, source, ...lead, object: 'Lead.x' })).unparsed;
      const read = receiver.reparse(part!.text.replace('Lead.x', 'Lead'), RECEIVED);
      expect(read).toMatchObject({ events: [{ ...LEAD_EVENT, priority }], unparsed: [] });
    }
  });

  test('one megabyte of nested brackets or of invalid records is accepted as unparsed within 10 s', () => {
    const before = performance.now();
    const deep = `{"orgId":"${ORG}","records":[${'['.repeat(450_000)}${']'.repeat(450_000)}]}`;
    expect(accepted(json(deep)).unparsed).toHaveLength(1);
    expect(accepted(json(`{"orgId":"${ORG}","records":[${'0,'.repeat(450_000)}0]}`)).unparsed).toHaveLength(1);
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});
