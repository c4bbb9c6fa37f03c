// Outbound messages of Salesforce: which are accepted, stored as unparsed, or refused.
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
  test('an outbound message yields an event for its lead, and the response is the exact Ack', () => {
    expect(accepted(request(message()))).toEqual({
      kind: 'accepted',
      events: [LEAD_EVENT],
      unparsed: [],
      ignored: {},
      response: { contentType: 'text/xml; charset=utf-8', body: ACK },
    });
  });

  test('an outbound message with 100 notifications yields 100 events with distinct keys', () => {
    const ids = Array.from({ length: 100 }, (_, n) => ({ notification: idOf('04l', n), id: idOf('003', n) }));
    const { events } = accepted(request(message(ids.map((each) => notification({ object: 'Contact', ...each })))));
    expect(new Set(events.map(({ key }) => key)).size).toBe(100);
    expect(events[7]?.subject).toEqual({ kind: 'record', ref: { object: 'Contact', id: idOf('003', 7) } });
  });

  test('an outbound message with IDs of 15 characters yields the same event as with 18', () => {
    const short = message([notification({ id: LEAD_15 })], ORG_15);
    expect(accepted(request(short)).events).toEqual([LEAD_EVENT]);
  });

  test.each([
    ['an empty SessionId', '<SessionId/>'],
    ['no SessionId', '<!-- no session -->'],
    ['a SessionId', '<SessionId>00DgL000004nvRc!AQcAQH0dMHZfz972Szmpkb58urFRkgeBGsxL</SessionId>'],
  ])('an outbound message yields its event with %s', (_name, session) => {
    expect(accepted(request(message(undefined, ORG, session))).events).toEqual([LEAD_EVENT]);
  });

  test('an outbound message with further fields, comments and CDATA yields an event without their values', () => {
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
  ])('an outbound message about a %s yields an item event of its stream', (object, id, stream, priority) => {
    const { events } = accepted(request(message([notification({ object, id })])));
    expect(events).toMatchObject([{ subject: { kind: 'item', stream, id }, priority }]);
  });

  test.each(['Case', 'Campaign', 'Invoice__c', 'acme__Order__c', 'constructor'])(
    'an outbound message about a %s, which Leadgrade does not read, is counted but not stored',
    (object) => {
      const other = notification({ object, id: idOf('a00', 1), fields: '<sf:Subject>My printer burns</sf:Subject>' });
      const { response, ...read } = accepted(request(message([other, notification()])));
      expect(read).toEqual({ kind: 'accepted', events: [LEAD_EVENT], unparsed: [], ignored: { ignored_object: 1 } });
      expect(response?.body).toBe(ACK);
    },
  );

  test('an outbound message about an object that the mapping does not read is counted and acknowledged', () => {
    const email = notification({ object: 'EmailMessage', id: idOf('02s', 1) });
    const { response, ...read } = accepted(request(message([email, notification()])));
    expect(read).toEqual({ kind: 'accepted', events: [LEAD_EVENT], ignored: { no_rule: 1 }, unparsed: [] });
    expect(response?.body).toBe(ACK);
  });
});

describe('the org', () => {
  test.each([ORG, ORG_15, `${ORG_15}AAA`])(
    'the org is identified by its first 15 characters (setting: %s)',
    (orgId) => {
      const receiverOfOrg = createReceiver({ token: TOKEN, orgId, streams: STREAMS });
      expect(accepted(request(message()), receiverOfOrg).events).toEqual([LEAD_EVENT]);
    },
  );

  test('an org ID that differs in case is another org, whose messages are counted and acknowledged but not stored', () => {
    const orgId = ORG_15.toLowerCase().replace('00d', '00D');
    const receiverOfOtherOrg = createReceiver({ token: TOKEN, orgId, streams: STREAMS });
    const two = message([notification(), notification({ object: 'Nobodys__c' })]);
    expect(accepted(request(two), receiverOfOtherOrg)).toEqual({
      kind: 'accepted',
      events: [],
      unparsed: [],
      ignored: { other_account: 2 },
      response: { contentType: 'text/xml; charset=utf-8', body: ACK },
    });
  });
});

describe('the token', () => {
  test.each(['', 'x', TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase(), `${TOKEN}/`, 'flow'])(
    'a request with the wrong token %j is refused with 404 before the body is read',
    (pathSuffix) => {
      const wrong = request(message(), { pathSuffix });
      expect(receiver.preCheck({ ...wrong, body: Buffer.alloc(0) })).toMatchObject({ kind: 'refused', status: 404 });
      expect(receiver.parse(wrong)).toMatchObject({ kind: 'refused', status: 404, reason: 'bad_token' });
    },
  );

  test('a request with the right token passes the check before the body is read', () => {
    expect(receiver.preCheck(request(''))).toBeNull();
  });

  test('a refusal never contains the token', () => {
    expect(JSON.stringify(receiver.parse(request(message(), { pathSuffix: `${TOKEN}x` })))).not.toContain(TOKEN);
  });

  const settings = (more: object) =>
    settingsSchema.parse({
      SALESFORCE_LOGIN_URL: 'https://acme.my.salesforce.com',
      SALESFORCE_CLIENT_ID: 'key',
      SALESFORCE_CLIENT_SECRET: 'secret',
      ...more,
    });
  const clock = { now: () => RECEIVED };
  test('the connector has a webhook receiver only if SALESFORCE_WEBHOOK_TOKEN is set', () => {
    const mapping = shippedMapping();
    expect(create({ settings: settings({}), mapping, clock }).webhook).toBeUndefined();
    const { webhook } = create({ settings: settings({ SALESFORCE_WEBHOOK_TOKEN: TOKEN }), mapping, clock });
    expect(webhook?.parse(request(message()))).toMatchObject({ events: [LEAD_EVENT] });
    expect(webhook?.maxBytes).toBe(1_000_000);
  });

  test('a token with characters that a URL percent-encodes is refused by the settings', () => {
    expect(() => settings({ SALESFORCE_WEBHOOK_TOKEN: 'sixteen characters/and%20more' })).toThrow(/openssl rand/);
  });
});

describe('an unparsed body is stored unchanged and acknowledged, so that Salesforce does not repeat it', () => {
  const cut = message().slice(0, -20);
  test.each([
    ['an empty body', '', 'not well-formed'],
    ['truncated XML', cut, 'not well-formed'],
    ['an undeclared entity', message([notification({ fields: '<sf:Name>&who;</sf:Name>' })]), 'not well-formed'],
    [
      'an undeclared prefix',
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
    ['no org', message().replace(/<OrganizationId>.*<\/OrganizationId>/, ''), 'no valid OrganizationId'],
    [
      'two orgs',
      message().replace('<ActionId>', `<OrganizationId>${ORG}</OrganizationId><ActionId>`),
      'no valid OrganizationId',
    ],
    ['an invalid org ID', message(undefined, LEAD), 'no valid OrganizationId'],
    ['no notification', message([]), 'no notification'],
    [
      'more notifications than Salesforce sends',
      message(Array(101).fill(notification())),
      'larger than Salesforce sends',
    ],
    ['a large envelope', message(undefined, ORG, `<!--${'x'.repeat(10_000)}-->`), 'larger than Salesforce sends'],
  ])('a body with %s is stored as unparsed and acknowledged', (_name, body, reason) => {
    const read = accepted(request(body));
    expect([read.events, read.response?.body]).toEqual([[], ACK]);
    expect(read.unparsed).toMatchObject([{ text: body, reason: expect.stringContaining(reason) }]);
  });

  test.each([
    ['an invalid object name', notification({ object: 'Lead.x' })],
    ['an ID of another object', notification({ id: idOf('003', 1) })],
    ['an ID in lower case', notification({ id: LEAD.toLowerCase() })],
    ['no ID of its own', notification({ notification: '' })],
    ['no type', notification().replace(' xsi:type="sf:Lead"', '')],
    ['a type of another namespace', notification().replace('xsi:type="sf:Lead"', 'xsi:type="xsd:Lead"')],
  ])(
    'a notification with %s is stored with its envelope, and the other notifications are accepted',
    (_name, strange) => {
      const { events, unparsed } = accepted(request(message([notification(), strange, notification()])));
      expect(events).toEqual([LEAD_EVENT, LEAD_EVENT]);
      expect(unparsed).toMatchObject([{ text: message([strange]), account: ORG }]);
    },
  );

  test('a stored notification can be parsed again, and is stored without the session ID', () => {
    const session = '<SessionId>00DgL000004nvRc!AQcAQH0dMHZfz972Szmpkb58urFRkgeBGsxL</SessionId>';
    const strange = notification({ object: 'Lead.x' });
    const [part] = accepted(request(message([notification({ id: idOf('00Q', 7) }), strange], ORG, session))).unparsed;
    expect(part?.text).not.toContain('AQcAQH');
    expect(receiver.reparse(part!.text, RECEIVED)).toMatchObject({ events: [], unparsed: [{ account: ORG }] });
    const repaired = part!.text.replace('sf:Lead.x', 'sf:Lead');
    expect(receiver.reparse(repaired, RECEIVED)).toMatchObject({ events: [LEAD_EVENT], unparsed: [] });
  });

  test('a body that is not UTF-8 or has NUL characters is stored without NUL characters', () => {
    const bytes = Buffer.from(message(), 'utf16le');
    for (const body of [bytes, Buffer.from([0xff, 0xfe, 0, 60])]) {
      const { unparsed } = accepted(request(body));
      expect(unparsed).toHaveLength(1);
      expect(unparsed[0]?.text).not.toContain('\0');
    }
  });

  test('an unparsed body is stored without the session ID', () => {
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

test('an ID of 15 characters becomes the ID of 18 characters that the API returns', () => {
  fc.assert(
    fc.property(fc.nat(), (n) => {
      const id = idOf('00Q', n);
      expect([fullId(id.slice(0, 15)), fullId(id)]).toEqual([id, id]);
    }),
  );
  // The example of Salesforce's documentation.
  expect(fullId('001A0000006Vm9r')).toBe('001A0000006Vm9rIAC');
});
