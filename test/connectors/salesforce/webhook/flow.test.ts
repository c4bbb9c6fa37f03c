// What the flows of an org send by HTTP callouts (JSON).
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
    ['ids of 15 characters', { orgId: ORG_15, records: [{ ...lead, id: LEAD_15 }] }],
    ['more than we ask for', { orgId: ORG, records: [{ ...lead, Name: 'Ann', changedAt: 'soon' }], apiName: 'x' }],
  ])('with %s says that a lead is to be read again', (_name, body) => {
    expect(accepted(json(body))).toEqual({
      kind: 'accepted',
      events: [LEAD_EVENT],
      unparsed: [],
      ignored: {},
      answer: { contentType: 'application/json', body: '{"ok":true}' },
    });
  });

  test('of a second change a millisecond later is another event', () => {
    const keyAt = (ms: number) => {
      const receivedAt = new Date(RECEIVED.getTime() + ms);
      return accepted(json({ orgId: ORG, ...lead }, { receivedAt })).events[0]?.key;
    };
    expect(keyAt(1)).not.toBe(keyAt(0));
    expect(keyAt(0)).toBe(keyAt(0));
  });

  test('of an import waits for others, whatever it is about', () => {
    const records = [lead, { object: 'Task', id: idOf('00T', 1) }];
    const { events } = accepted(json({ orgId: ORG, source: 'import', records }));
    expect(events.map(({ priority }) => priority)).toEqual([PRIORITY.import, PRIORITY.import]);
    expect(accepted(json({ orgId: ORG, records })).events[1]?.priority).toBe(PRIORITY.activity);
  });

  test.each(['Case', 'Invoice__c'])(
    'about a %s, which is not read, is counted, and nothing of it is kept',
    (object) => {
      const records = [{ object, id: idOf('a00', 1), Subject: 'My printer burns' }, lead];
      const { answer: _, ...read } = accepted(json({ orgId: ORG, records }));
      expect(read).toEqual({ kind: 'accepted', events: [LEAD_EVENT], unparsed: [], ignored: { ignored_object: 1 } });
    },
  );
});

describe('the org', () => {
  const ours = createReceiver({ token: TOKEN, orgId: ORG_15, streams: STREAMS });

  test('need not be named where the settings name it', () => {
    expect(accepted(json(lead), ours).events).toEqual([LEAD_EVENT]);
    expect(accepted(json({ orgId: ORG, ...lead }), ours).events).toEqual([LEAD_EVENT]);
  });

  test('and a list without records, which tries the address out, is answered and stores nothing', () => {
    const { answer, ...read } = accepted(json({ records: [] }), ours);
    expect([read, answer?.body]).toEqual([{ kind: 'accepted', events: [], unparsed: [], ignored: {} }, '{"ok":true}']);
  });

  test('that is another one is dropped and counted', () => {
    const other = { orgId: '00DAA0000000001', records: [lead, {}] };
    expect(accepted(json(other), ours)).toMatchObject({ events: [], unparsed: [], ignored: { 'other-account': 2 } });
  });
});

describe('the token', () => {
  const headers = { 'content-type': 'application/json' };

  test('may stand in a header, with "flow" in its place', () => {
    const sent = json(lead, { rest: 'flow', headers: { ...headers, 'x-leadgrade-token': TOKEN } });
    expect(receiver.preCheck(sent)).toBeNull();
    expect(accepted(sent).unparsed).toMatchObject([{ reason: expect.stringContaining('of which org') }]);
  });

  test.each([undefined, '', TOKEN.slice(1), `${TOKEN},${TOKEN}`])('that is wrong there (%j) is a 404', (given) => {
    const sent = json(lead, { rest: 'flow', headers: { ...headers, 'x-leadgrade-token': given } });
    expect(receiver.preCheck(sent)).toMatchObject({ status: 404, reason: 'bad-token' });
  });

  test('in the header lets nobody in at another address', () => {
    const sent = json(lead, { rest: 'other', headers: { ...headers, 'x-leadgrade-token': TOKEN } });
    expect(receiver.preCheck(sent)).toMatchObject({ status: 404 });
  });
});

describe('what is not understood is kept', () => {
  test.each([
    ['no JSON', '{"orgId":', 'not JSON'],
    ['a list', [lead], 'not JSON of the form'],
    ['null', 'null', 'not JSON of the form'],
    ['records that are none', { orgId: ORG, records: 'all' }, 'not JSON of the form'],
    ['no org', lead, 'of which org'],
    ['an org that is none', { orgId: LEAD, ...lead }, 'of which org'],
  ])('whole: %s', (_name, body, reason) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(accepted(json(text))).toMatchObject({
      events: [],
      unparsed: [{ text, reason: expect.stringContaining(reason) }],
    });
  });

  test.each([
    ['no id', { object: 'Lead' }],
    ['an id that is none', { object: 'Lead', id: 'ann@acme.example' }],
    ['an id of another object', { object: 'Lead', id: idOf('003', 1) }],
    ['a name that no object has', { object: 'Lead; drop', id: LEAD }],
    ['nothing', null],
  ])('one record with %s keeps no other from being taken, and is kept with its org', (_name, record) => {
    const { events, unparsed } = accepted(json({ orgId: ORG_15, records: [record, lead] }));
    const text = JSON.stringify({ orgId: ORG, records: [record] });
    expect(events).toEqual([LEAD_EVENT]);
    expect(unparsed).toMatchObject([{ text, account: ORG }]);
    expect(receiver.reparse(text, RECEIVED).unparsed).toMatchObject([{ text, account: ORG }]);
  });

  test('and read again by a version that understands it, from an import or not', () => {
    for (const [source, priority] of [['import', PRIORITY.import] as const, ['x', PRIORITY.change] as const]) {
      const [part] = accepted(json({ orgId: ORG, source, ...lead, object: 'Lead.x' })).unparsed;
      const read = receiver.reparse(part!.text.replace('Lead.x', 'Lead'), RECEIVED);
      expect(read).toMatchObject({ events: [{ ...LEAD_EVENT, priority }], unparsed: [] });
    }
  });

  test('a megabyte of brackets, or of records that are none, does not take long', () => {
    const before = performance.now();
    const deep = `{"orgId":"${ORG}","records":[${'['.repeat(450_000)}${']'.repeat(450_000)}]}`;
    expect(accepted(json(deep)).unparsed).toHaveLength(1);
    expect(accepted(json(`{"orgId":"${ORG}","records":[${'0,'.repeat(450_000)}0]}`)).unparsed).toHaveLength(1);
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});
