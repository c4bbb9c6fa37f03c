// What Salesforce sends by outbound messages: what is taken, what is kept for somebody to look at, and what is refused.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../../../../connectors/salesforce/http/settings.ts';
import { create } from '../../../../connectors/salesforce/index.ts';
import { fullId } from '../../../../connectors/salesforce/webhook/full-id.ts';
import { createReceiver } from '../../../../connectors/salesforce/webhook/receiver.ts';
import { idOf } from '../../../../sandbox/salesforce/ids.ts';
import { PRIORITY } from '../../../../src/domain/priority.ts';
import { shippedMapping } from '../salesforce-fixture.ts';
import {
  ACK,
  accepted,
  LEAD,
  LEAD_15,
  LEAD_EVENT,
  message,
  notification,
  ORG,
  ORG_15,
  RECEIVED,
  receiver,
  request,
  STREAMS,
  TOKEN,
} from './webhook-documents.ts';

describe('an outbound message', () => {
  test('says that a lead is to be read again, and hears the Ack word for word', () => {
    expect(accepted(request(message()))).toEqual({
      kind: 'accepted',
      events: [LEAD_EVENT],
      unparsed: [],
      ignored: {},
      answer: { contentType: 'text/xml; charset=utf-8', body: ACK },
    });
  });

  test('of a hundred notifications is a hundred events, each with a key of its own', () => {
    const ids = Array.from({ length: 100 }, (_, n) => ({ notification: idOf('04l', n), id: idOf('003', n) }));
    const { events } = accepted(request(message(ids.map((each) => notification({ object: 'Contact', ...each })))));
    expect(new Set(events.map(({ key }) => key)).size).toBe(100);
    expect(events[7]?.subject).toEqual({ kind: 'record', ref: { object: 'Contact', id: idOf('003', 7) } });
  });

  test('reads the same with ids of 15 characters as with ids of 18', () => {
    const short = message([notification({ id: LEAD_15 })], ORG_15);
    expect(accepted(request(short)).events).toEqual([LEAD_EVENT]);
  });

  test.each([
    ['an empty SessionId', '<SessionId/>'],
    ['none', '<!-- no session -->'],
    ['one', '<SessionId>00DgL000004nvRc!AQcAQH0dMHZfz972Szmpkb58urFRkgeBGsxL</SessionId>'],
  ])('may have a SessionId: %s', (_name, session) => {
    expect(accepted(request(message(undefined, ORG, session))).events).toEqual([LEAD_EVENT]);
  });

  test('may have more fields than the id, and comments and CDATA: nothing of them is kept', () => {
    const fields =
      '<sf:Email>ann@acme.example</sf:Email><!-- x --><sf:Company><![CDATA[<b>Acme</b> & Co]]></sf:Company>';
    const { events, unparsed } = accepted(request(message([notification({ fields })])));
    expect([events, unparsed]).toEqual([[LEAD_EVENT], []]);
  });

  test.each([
    ['Task', idOf('00T', 1), 'tasks', PRIORITY.activity],
    ['TaskRelation', idOf('0RT', 1), 'tasks', PRIORITY.activity],
    ['Event', idOf('00U', 1), 'events', PRIORITY.activity],
    ['EventRelation', idOf('0RE', 1), 'events', PRIORITY.activity],
    ['Account', idOf('001', 1), 'accounts', PRIORITY.change],
    ['Opportunity', idOf('006', 1), 'opportunities', PRIORITY.change],
    ['OpportunityContactRole', idOf('00K', 1), 'opportunities', PRIORITY.change],
  ])('about a %s has its stream read', (object, id, stream, priority) => {
    const { events } = accepted(request(message([notification({ object, id })])));
    expect(events).toMatchObject([{ subject: { kind: 'item', stream, id }, priority }]);
  });

  test.each(['Case', 'Campaign', 'Invoice__c', 'acme__Order__c', 'constructor'])(
    'about a %s, which Leadgrade does not read, is counted, and nothing of it is kept',
    (object) => {
      const other = notification({ object, id: idOf('a00', 1), fields: '<sf:Subject>My printer burns</sf:Subject>' });
      const { answer, ...read } = accepted(request(message([other, notification()])));
      expect(read).toEqual({ kind: 'accepted', events: [LEAD_EVENT], unparsed: [], ignored: { ignored_object: 1 } });
      expect(answer?.body).toBe(ACK);
    },
  );

  test('about an object that the mapping does not read is counted, and acknowledged', () => {
    const email = notification({ object: 'EmailMessage', id: idOf('02s', 1) });
    const { answer, ...read } = accepted(request(message([email, notification()])));
    expect(read).toEqual({ kind: 'accepted', events: [LEAD_EVENT], ignored: { ignored_property: 1 }, unparsed: [] });
    expect(answer?.body).toBe(ACK);
  });
});

describe('the org', () => {
  test.each([ORG, ORG_15, `${ORG_15}AAA`])('is told by its first 15 characters (%s in the settings)', (orgId) => {
    const ours = createReceiver({ token: TOKEN, orgId, streams: STREAMS });
    expect(accepted(request(message()), ours).events).toEqual([LEAD_EVENT]);
  });

  test('is compared with regard to case, and another one is dropped, counted, and acknowledged', () => {
    const orgId = ORG_15.toLowerCase().replace('00d', '00D');
    const theirs = createReceiver({ token: TOKEN, orgId, streams: STREAMS });
    const two = message([notification(), notification({ object: 'Nobodys__c' })]);
    expect(accepted(request(two), theirs)).toEqual({
      kind: 'accepted',
      events: [],
      unparsed: [],
      ignored: { 'other-account': 2 },
      answer: { contentType: 'text/xml; charset=utf-8', body: ACK },
    });
  });
});

describe('the token', () => {
  test.each(['', 'x', TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase(), `${TOKEN}/`, 'flow'])(
    'that is wrong (%j) is refused as if nothing were there, before the body is read',
    (rest) => {
      const wrong = request(message(), { rest });
      expect(receiver.preCheck({ ...wrong, body: Buffer.alloc(0) })).toMatchObject({ kind: 'refused', status: 404 });
      expect(receiver.parse(wrong)).toMatchObject({ kind: 'refused', status: 404, reason: 'bad-token' });
    },
  );

  test('that is right lets the body be read', () => {
    expect(receiver.preCheck(request(''))).toBeNull();
  });

  test('is never in what a refusal says', () => {
    expect(JSON.stringify(receiver.parse(request(message(), { rest: `${TOKEN}x` })))).not.toContain(TOKEN);
  });

  const settings = (more: object) =>
    settingsSchema.parse({
      SALESFORCE_LOGIN_URL: 'https://acme.my.salesforce.com',
      SALESFORCE_CLIENT_ID: 'key',
      SALESFORCE_CLIENT_SECRET: 'secret',
      ...more,
    });
  const clock = { now: () => RECEIVED };
  test('makes the receiver be there: without it there is none', () => {
    const mapping = shippedMapping();
    expect(create({ settings: settings({}), mapping, clock }).webhook).toBeUndefined();
    const { webhook } = create({ settings: settings({ SALESFORCE_WEBHOOK_TOKEN: TOKEN }), mapping, clock });
    expect(webhook?.parse(request(message()))).toMatchObject({ events: [LEAD_EVENT] });
    expect(webhook?.maxBytes).toBe(1_000_000);
  });

  test('has none of the characters that an address may carry in another form', () => {
    expect(() => settings({ SALESFORCE_WEBHOOK_TOKEN: 'sixteen characters/and%20more' })).toThrow(/openssl rand/);
  });
});

describe('what is not understood is kept as it is, and acknowledged so that it does not come again', () => {
  const cut = message().slice(0, -20);
  test.each([
    ['nothing', '', 'not well-formed'],
    ['XML that was cut off', cut, 'not well-formed'],
    [
      'an entity that nobody declared',
      message([notification({ fields: '<sf:Name>&who;</sf:Name>' })]),
      'not well-formed',
    ],
    [
      'a prefix that nobody declared',
      message().replace(' xmlns:sf="urn:sobject.enterprise.soap.sforce.com"', ''),
      'not well-formed',
    ],
    ['another envelope', '<Envelope><Body/></Envelope>', 'not the envelope'],
    [
      'SOAP 1.2',
      message().replace('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope'),
      'not the envelope',
    ],
    [
      'another namespace of notifications',
      message().replace('2005/09/outbound', '2005/09/inbound'),
      'not the envelope',
    ],
    ['no org', message().replace(/<OrganizationId>.*<\/OrganizationId>/, ''), 'of which org'],
    ['two orgs', message().replace('<ActionId>', `<OrganizationId>${ORG}</OrganizationId><ActionId>`), 'of which org'],
    ['an org that is none', message(undefined, LEAD), 'of which org'],
    ['no notification', message([]), 'no notification'],
    ['more notifications than Salesforce sends', message(Array(101).fill(notification())), 'larger than any'],
    ['a large envelope', message(undefined, ORG, `<!--${'x'.repeat(10_000)}-->`), 'larger than any'],
  ])('%s', (_name, body, reason) => {
    const read = accepted(request(body));
    expect([read.events, read.answer?.body]).toEqual([[], ACK]);
    expect(read.unparsed).toMatchObject([{ text: body, reason: expect.stringContaining(reason) }]);
  });

  test.each([
    ['a name that no object has', notification({ object: 'Lead.x' })],
    ['an id of another object', notification({ id: idOf('003', 1) })],
    ['an id whose case was lost', notification({ id: LEAD.toLowerCase() })],
    ['no Id of the notification', notification({ notification: '' })],
    ['no type', notification().replace(' xsi:type="sf:Lead"', '')],
    ['a type of another namespace', notification().replace('xsi:type="sf:Lead"', 'xsi:type="xsd:Lead"')],
  ])('one notification with %s keeps no other from being taken, and is kept within its envelope', (_name, strange) => {
    const { events, unparsed } = accepted(request(message([notification(), strange, notification()])));
    expect(events).toEqual([LEAD_EVENT, LEAD_EVENT]);
    expect(unparsed).toMatchObject([{ text: message([strange]), account: ORG }]);
  });

  test('and is read again by a version that understands it', () => {
    const session = '<SessionId>00DgL000004nvRc!AQcAQH0dMHZfz972Szmpkb58urFRkgeBGsxL</SessionId>';
    const strange = notification({ object: 'Lead.x' });
    const [part] = accepted(request(message([notification({ id: idOf('00Q', 7) }), strange], ORG, session))).unparsed;
    expect(part?.text).not.toContain('AQcAQH');
    expect(receiver.reparse(part!.text, RECEIVED)).toMatchObject({ events: [], unparsed: [{ account: ORG }] });
    const mended = part!.text.replace('sf:Lead.x', 'sf:Lead');
    expect(receiver.reparse(mended, RECEIVED)).toMatchObject({ events: [LEAD_EVENT], unparsed: [] });
  });

  test('bytes that are no UTF-8, and zero characters, are kept in a form that a database takes', () => {
    const bytes = Buffer.from(message(), 'utf16le');
    for (const body of [bytes, Buffer.from([0xff, 0xfe, 0, 60])]) {
      const { unparsed } = accepted(request(body));
      expect(unparsed).toHaveLength(1);
      expect(unparsed[0]?.text).not.toContain('\0');
    }
  });

  test('but never with the id of a session', () => {
    const session = '00DgL000004nvRc!AQcAQH0dMHZfz972Szmpkb58urFRkgeBGsxL';
    const forms = [
      `<SessionId>${session}</SessionId>`,
      `<SessionId><![CDATA[${session}]]></SessionId>`,
      `<x:SessionId>${session}`,
    ];
    for (const form of forms) {
      const { unparsed } = accepted(request(message([], ORG, form)));
      expect(unparsed[0]?.text).toContain('SessionId');
      expect(unparsed[0]?.text).not.toMatch(/AQcAQH/);
    }
  });
});

test('ids of 15 characters become the ones of 18 that the API shows', () => {
  fc.assert(
    fc.property(fc.nat(), (n) => {
      const id = idOf('00Q', n);
      expect([fullId(id.slice(0, 15)), fullId(id)]).toEqual([id, id]);
    }),
  );
  // An example of Salesforce's own pages.
  expect(fullId('001A0000006Vm9r')).toBe('001A0000006Vm9rIAC');
});
