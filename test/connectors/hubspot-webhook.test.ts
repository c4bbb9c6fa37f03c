import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WebhookEvent, WebhookVerdict } from '../../connectors/webhook.ts';
import { PRIORITY } from '../../src/domain/priority.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { connect, NOW, shippedMapping } from './hubspot-fixture.ts';

const SECRET = 'a-client-secret';
const APP = '50780459';
const URL = 'https://leads.example.com/webhooks/hubspot';

function receiver(mapping: Mapping = shippedMapping()) {
  return connect({}, mapping, { HUBSPOT_CLIENT_SECRET: SECRET, HUBSPOT_APP_ID: APP }).connector.webhook!;
}

function signed(body: Buffer, rest = '') {
  const timestamp = String(NOW.getTime());
  const signature = createHmac('sha256', SECRET).update(`POST${URL}`).update(body).update(timestamp).digest('base64');
  const headers = { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': timestamp };
  return { method: 'POST', url: URL, rest, headers, body, receivedAt: NOW };
}

type Accepted = Extract<WebhookVerdict, { kind: 'accepted' }>;

const shared = receiver();

function take(body: unknown, { webhook = shared } = {}): Accepted {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const verdict = webhook.receive(signed(Buffer.from(text)));
  if (verdict.kind !== 'accepted') throw new Error(`refused: ${verdict.reason}`);
  return verdict;
}

// As HubSpot sent it: the classic form.
const CLASSIC = {
  eventId: 4101286121,
  subscriptionId: 7562680,
  portalId: 247187887,
  appId: 50780459,
  occurredAt: 1787843156000,
  subscriptionType: 'contact.propertyChange',
  attemptNumber: 1,
  objectId: 541935488729,
  propertyName: 'email',
  propertyValue: 'jane@example.com',
  changeSource: 'CRM_UI',
  sourceId: 'userId:98499705',
};
// And the generic one.
const GENERIC = {
  ...{ ...CLASSIC, subscriptionType: 'object.propertyChange', attemptNumber: 0, objectTypeId: '0-1' },
  isSensitive: false,
};

const { propertyName: _name, propertyValue: _value, ...BARE } = CLASSIC;
const { objectId: _id, ...NO_OBJECT } = BARE;

/** What it is about, in short: `contacts/1`, `meetings/2`, `erase contacts/3`. */
function about({ subject }: WebhookEvent): string {
  if (subject.kind === 'item') return `${subject.stream}/${subject.id}`;
  return `${subject.kind === 'erasure' ? 'erase ' : ''}${subject.ref.object}/${subject.ref.id}`;
}

const subjects = (body: unknown) => take(body).events.map(about);
const keys = (body: unknown) => take(body).events.map(({ key }) => key);

describe('who may send', () => {
  test('without a client secret nothing is received', () => {
    expect(connect().connector.webhook).toBeUndefined();
  });

  test('a request that is not signed is refused before its body is read', () => {
    const request = { ...signed(Buffer.alloc(0)), headers: {} };
    expect(shared.refuse(request)).toMatchObject({ kind: 'refused', status: 401, reason: 'missing-signature' });
    expect(shared.receive(request)).toMatchObject({ kind: 'refused', status: 401, reason: 'missing-signature' });
    expect(shared.refuse(signed(Buffer.alloc(0)))).toBe(null);
  });

  test('a body that was changed on its way is refused', () => {
    const request = { ...signed(Buffer.from('[]')), body: Buffer.from('[ ]') };
    expect(shared.receive(request)).toMatchObject({ kind: 'refused', status: 401, reason: 'bad-signature' });
  });

  test('another path is not there, whoever asks', () => {
    const request = signed(Buffer.from('[]'), 'more');
    expect(shared.refuse(request)).toMatchObject({ kind: 'refused', status: 404 });
    expect(shared.receive(request)).toMatchObject({ kind: 'refused', status: 404 });
  });

  test('a hundred events with values as long as HubSpot allows fit in', () => {
    expect(shared.maxBytes).toBeGreaterThan(100 * 65_536);
  });
});

describe('a contact', () => {
  test.each([
    ['classic', CLASSIC],
    ['generic', GENERIC],
  ])('whose property changed is read again: %s', (_form, event) => {
    expect(take([event])).toEqual({
      kind: 'accepted',
      events: [
        {
          key: '247187887:7562680:541935488729:4101286121:1787843156000:email:record/541935488729',
          account: '247187887',
          subject: { kind: 'record', ref: { object: 'contacts', id: '541935488729' } },
          priority: PRIORITY.change,
          occurredAt: 1787843156000,
        },
      ],
      unread: [],
      ignored: {},
    });
  });

  test.each(['creation', 'deletion', 'restore'])('is read again after its %s', (action) => {
    expect(subjects([{ ...BARE, subscriptionType: `contact.${action}`, changeFlag: 'NEW' }])).toEqual([
      'contacts/541935488729',
    ]);
    expect(subjects([{ ...BARE, subscriptionType: `object.${action}`, objectTypeId: '0-1' }])).toEqual([
      'contacts/541935488729',
    ]);
  });

  test('that took over others is read again with each of them, under keys of their own', () => {
    const merge = {
      ...{ ...NO_OBJECT, subscriptionType: 'contact.merge', primaryObjectId: 1, mergedObjectIds: [2, 3] },
      ...{ newObjectId: 4, numberOfPropertiesMoved: 9 },
    };
    expect(subjects([merge])).toEqual(['contacts/1', 'contacts/2', 'contacts/3', 'contacts/4']);
    expect(new Set(keys([merge])).size).toBe(4);
    expect(subjects([{ ...merge, newObjectId: 1 }])).toEqual(['contacts/1', 'contacts/2', 'contacts/3']);
  });

  test('that was deleted for privacy is erased, our own app or not', () => {
    const erased = { ...BARE, subscriptionType: 'contact.privacyDeletion' };
    expect(subjects([erased])).toEqual(['erase contacts/541935488729']);
    expect(subjects([{ ...erased, changeSource: 'INTEGRATION', sourceId: APP }])).toEqual([
      'erase contacts/541935488729',
    ]);
  });

  test.each([
    [{ associationType: 'CONTACT_TO_COMPANY' }, 'contact', ['contacts/1']],
    [{ associationType: 'COMPANY_TO_CONTACT' }, 'company', ['contacts/2']],
    [{ associationType: 'CONTACT_TO_DEAL' }, 'contact', ['deals/2', 'contacts/1']],
    [{ associationType: 'DEAL_TO_CONTACT' }, 'deal', ['deals/1', 'contacts/2']],
    [{ associationType: 'DEAL_TO_COMPANY' }, 'deal', []],
    [{ associationType: 'CONTACT_TO_CONTACT' }, 'contact', []],
    [{ associationType: 'Our own label' }, 'contact', ['contacts/1']],
    [{ fromObjectTypeId: '0-47', toObjectTypeId: '0-1' }, 'object', ['meetings/1']],
    [{ fromObjectTypeId: '0-1', toObjectTypeId: '0-47' }, 'object', ['meetings/2']],
    [{ fromObjectTypeId: '0-1', toObjectTypeId: '0-5' }, 'object', []],
    [{ associationType: 'MEETING_EVENT_TO_CONTACT' }, 'object', ['meetings/1']],
    [{ objectTypeId: '0-48' }, 'object', ['calls/1']],
  ])('that is linked or unlinked is read with what the link changes: %j of %s', (link, object, expected) => {
    const subscriptionType = `${object}.associationChange`;
    const ends = { fromObjectId: 1, toObjectId: 2, associationRemoved: false, isPrimaryAssociation: false };
    expect(subjects([{ ...NO_OBJECT, subscriptionType, ...ends, ...link }])).toEqual(expected);
    expect(subjects([{ ...NO_OBJECT, subscriptionType, ...ends, ...link, associationRemoved: true }])).toEqual(
      expected,
    );
  });
});

describe('an item of a stream', () => {
  test.each([
    ['0-2', 'companies'],
    ['0-3', 'deals'],
    ['0-47', 'meetings'],
    ['MEETING_EVENT', 'meetings'],
    ['0-48', 'calls'],
    ['0-49', 'emails'],
  ])('of type %s is named by its stream, %s', (objectTypeId, stream) => {
    for (const action of ['creation', 'deletion', 'restore']) {
      expect(subjects([{ ...BARE, subscriptionType: `object.${action}`, objectTypeId }])).toEqual([
        `${stream}/541935488729`,
      ]);
    }
  });

  test('in the classic form is the same', () => {
    expect(subjects([{ ...BARE, subscriptionType: 'company.creation' }])).toEqual(['companies/541935488729']);
    expect(subjects([{ ...BARE, subscriptionType: 'deal.deletion' }])).toEqual(['deals/541935488729']);
  });

  test('whose stream the mapping does not read is left out', () => {
    const notes = { ...BARE, subscriptionType: 'object.creation', objectTypeId: '0-46' };
    expect(take([notes, notes])).toEqual({ kind: 'accepted', events: [], unread: [], ignored: { 'not-mapped': 2 } });
  });
});

describe('what says nothing to us', () => {
  test('is a change of our own properties, whoever made it', () => {
    const own = { ...CLASSIC, propertyName: 'leadgrade_total_score', changeSource: 'CRM_UI' };
    expect(take([own, { ...GENERIC, propertyName: 'Leadgrade_Status' }])).toMatchObject({
      events: [],
      ignored: { 'own-property': 2 },
    });
  });

  test('is a change of our own app, but no deletion, merge or creation by it', () => {
    const own = { ...CLASSIC, changeSource: 'INTEGRATION', sourceId: APP };
    expect(take([own]).ignored).toEqual({ 'own-write': 1 });
    expect(take([{ ...own, sourceId: '2931120' }]).events).toHaveLength(1);
    expect(subjects([{ ...own, subscriptionType: 'contact.deletion' }])).toEqual(['contacts/541935488729']);
    expect(
      subjects([{ ...own, subscriptionType: 'contact.merge', primaryObjectId: 1, mergedObjectIds: [2] }]),
    ).toHaveLength(3);
  });

  test('is a property that the mapping does not read', () => {
    const other = { ...CLASSIC, propertyName: 'hs_latest_meeting_activity' };
    expect(take([other]).ignored).toEqual({ 'not-read': 1 });
    for (const propertyName of [
      'lifecyclestage',
      'hs_analytics_num_page_views',
      'hs_analytics_last_url',
      'associatedcompanyid',
      'salesforceleadid',
    ]) {
      expect(take([{ ...CLASSIC, propertyName }]).events).toHaveLength(1);
    }
    const company = { ...CLASSIC, subscriptionType: 'company.propertyChange' };
    expect(take([{ ...company, propertyName: 'numberofemployees' }]).events).toHaveLength(1);
    expect(take([{ ...company, propertyName: 'hs_num_open_deals' }]).ignored).toEqual({ 'not-read': 1 });
  });
});

describe('an object that is not read', () => {
  test.each([
    { subscriptionType: 'ticket.creation' },
    { subscriptionType: 'ticket.propertyChange', propertyName: 'content', propertyValue: 'My printer is on fire' },
    { subscriptionType: 'line_item.deletion' },
    { subscriptionType: 'product.restore' },
    { subscriptionType: 'conversation.newMessage', messageId: 'x', messageType: 'MESSAGE' },
    { subscriptionType: 'conversation.privacyDeletion' },
    { subscriptionType: 'ticket.merge', primaryObjectId: 1, mergedObjectIds: [2] },
    { subscriptionType: 'object.creation', objectTypeId: '0-5' },
    { subscriptionType: 'object.propertyChange', objectTypeId: '2-1234', propertyName: 'vin' },
    { subscriptionType: 'object.creation', objectTypeId: 'COMMUNICATION' },
    {
      subscriptionType: 'ticket.associationChange',
      associationType: 'TICKET_TO_CONTACT',
      fromObjectId: 1,
      toObjectId: 2,
    },
    {
      subscriptionType: 'contact.associationChange',
      associationType: 'CONTACT_TO_TICKET',
      fromObjectId: 1,
      toObjectId: 2,
    },
  ])('is counted, and nothing of it is kept: %j', (event) => {
    const told = { kind: 'accepted', events: [], unread: [], ignored: { 'not-read': 1 } };
    expect(take([{ ...BARE, ...event }])).toEqual(told);
  });
});

describe('how soon it is read', () => {
  test.each([
    ['0-1', 'CRM_UI', PRIORITY.change],
    ['0-1', 'SOMETHING_NEW', PRIORITY.change],
    ['0-1', null, PRIORITY.change],
    ['0-1', 'IMPORT', PRIORITY.import],
    ['0-1', 'WORKFLOWS', PRIORITY.import],
    ['0-1', 'SALESFORCE', PRIORITY.import],
    ['0-47', 'CRM_UI', PRIORITY.activity],
    ['0-47', 'INTEGRATIONS_SYNC', PRIORITY.activity],
    ['0-47', 'IMPORT', PRIORITY.import],
    ['0-3', 'CRM_UI', PRIORITY.change],
  ])('an event of %s from %s has priority %i', (objectTypeId, changeSource, priority) => {
    const [event] = take([{ ...BARE, subscriptionType: 'object.creation', objectTypeId, changeSource }]).events;
    expect(event?.priority).toBe(priority);
  });
});

describe('a key', () => {
  test('is the same for each delivery, and another for any other event', () => {
    const [key] = keys([CLASSIC]);
    expect(keys([{ ...CLASSIC, attemptNumber: 7, propertyValue: 'other', sourceId: 'x' }])).toEqual([key]);
    for (const other of [
      ...[{ portalId: 2 }, { subscriptionId: 2 }, { objectId: 2 }, { eventId: 2 }, { occurredAt: 2 }],
      ...[{ propertyName: 'jobtitle' }, { subscriptionId: undefined }],
    ]) {
      expect(keys([{ ...CLASSIC, ...other }])).not.toEqual([key]);
    }
  });

  test('holds no value, and no more than 300 plain characters', () => {
    expect(keys([CLASSIC])[0]).not.toContain('jane');
    const long = { ...BARE, subscriptionType: 'contact.creation' };
    const marks = ['é', 'x'.repeat(1000), ' ', '\u0000'];
    const made = marks.flatMap((eventId) => keys([{ ...long, eventId }]));
    expect(made.every((key) => /^[\x21-\x7e]{1,300}$/.test(key))).toBe(true);
    expect(new Set(made).size).toBe(marks.length);
  });
});

describe('a body that is odd', () => {
  test.each([
    ['no JSON', '{"eventId":'],
    ['empty', ''],
    ['no list', JSON.stringify(CLASSIC)],
    ['null', 'null'],
    ['a zero character', '[\u0000]'],
  ])('is kept whole where it cannot be understood: %s', (_what, body) => {
    const { events, unread, ignored } = take(body);
    expect({ events, ignored }).toEqual({ events: [], ignored: {} });
    expect(unread).toEqual([{ text: body.replaceAll('\u0000', '\ufffd'), reason: expect.any(String) }]);
  });

  test('may be an empty list', () => {
    expect(take([])).toEqual({ kind: 'accepted', events: [], unread: [], ignored: {} });
  });

  test('in another encoding is kept, not guessed at', () => {
    const verdict = shared.receive(signed(Buffer.from([0x5b, 0xff, 0x5d])));
    expect(verdict).toMatchObject({
      kind: 'accepted',
      events: [],
      unread: [{ reason: expect.stringContaining('UTF-8') }],
    });
  });

  test.each([
    ['a number', 7],
    ['null', null],
    ['a list', [CLASSIC]],
    ['no portal', { ...CLASSIC, portalId: undefined }],
    ['no object', { ...CLASSIC, objectId: undefined }],
    ['an id that is no number', { ...CLASSIC, objectId: '1; drop table' }],
    ['an id with a fraction', { ...CLASSIC, objectId: 1.5 }],
    ['no time', { ...CLASSIC, occurredAt: undefined }],
    ['a time that no date has', { ...CLASSIC, occurredAt: 9_000_000_000_000_000 }],
    ['an unknown type', { ...CLASSIC, subscriptionType: 'contact.teleportation' }],
    ['a new message of a contact', { ...BARE, subscriptionType: 'contact.newMessage' }],
    ['a ticket without an id', { ...NO_OBJECT, subscriptionType: 'ticket.creation' }],
    ['an unknown action of a ticket', { ...BARE, subscriptionType: 'ticket.teleportation' }],
    ['an object that HubSpot does not have', { ...BARE, subscriptionType: 'wombat.creation' }],
    ['an object type that is none', { ...BARE, subscriptionType: 'object.creation', objectTypeId: '0-1; drop table' }],
    ['no object type', { ...BARE, subscriptionType: 'object.creation' }],
    ['a name of every object', { ...BARE, subscriptionType: 'constructor.creation' }],
    ['an action of every object', { ...BARE, subscriptionType: 'contact.constructor' }],
    ['a property change without a property', { ...BARE, subscriptionType: 'contact.propertyChange' }],
    ['a deletion for privacy of a company', { ...BARE, subscriptionType: 'company.privacyDeletion' }],
    ['a link without ends', { ...BARE, subscriptionType: 'contact.associationChange' }],
  ])('costs only the element that is odd: %s', (_what, odd) => {
    const { events, unread } = take([CLASSIC, odd, { ...CLASSIC, objectId: 2 }]);
    expect(events.map(about)).toEqual(['contacts/541935488729', 'contacts/2']);
    expect(unread).toMatchObject([{ text: JSON.stringify(odd), reason: expect.not.stringContaining('jane') }]);
  });

  test('says of which portal it is, whatever else is wrong with it', () => {
    const { unread } = take([{ portalId: 7, subscriptionType: 'none' }, { portalId: 'x' }, null]);
    expect(unread.map(({ account }) => account)).toEqual(['7', undefined, undefined]);
  });

  test('is read again by a version that understands it', () => {
    const [part] = take([{ ...CLASSIC, occurredAt: undefined }]).unread;
    const mended = part!.text.replace('{', '{"occurredAt":1787843156000,');
    expect(shared.readAgain(mended, NOW).events).toEqual(take([CLASSIC]).events);
    expect(shared.readAgain(part!.text, NOW)).toMatchObject({ events: [], unread: [{ text: part!.text }] });
  });

  test('with ids beyond what JavaScript counts keeps every digit', () => {
    const text = JSON.stringify([CLASSIC]).replace('541935488729', '9223372036854775807');
    expect(subjects(text)).toEqual(['contacts/9223372036854775807']);
    const merge = { ...NO_OBJECT, subscriptionType: 'contact.merge', primaryObjectId: 1, mergedObjectIds: [2] };
    expect(subjects(JSON.stringify([merge]).replace('[2]', '[9007199254740993]'))).toEqual([
      'contacts/1',
      'contacts/9007199254740993',
    ]);
  });

  test('with a prototype of its own does no harm', () => {
    const text = JSON.stringify([CLASSIC]).replace(
      '{',
      '{"__proto__":{"polluted":true},"constructor":{"prototype":1},',
    );
    expect(subjects(text)).toEqual(['contacts/541935488729']);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test('nested deeper than the stack is kept', () => {
    const text = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(take(text)).toMatchObject({ events: [], unread: [{ reason: expect.any(String) }] });
  });

  test('of more than a hundred events has all of them taken', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ ...CLASSIC, objectId: index + 1 }));
    expect(take(many).events).toHaveLength(1_000);
  });

  test('never makes the receiver throw, and each element is taken, kept or counted', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('contact.creation', 'object.merge', '0-1', 'email', 1, '7'));
    const event = fc.record(
      Object.fromEntries(
        Object.keys({ ...GENERIC, primaryObjectId: 1, mergedObjectIds: 1, fromObjectId: 1, toObjectId: 1 }).map(
          (key) => [key, value],
        ),
      ),
      { requiredKeys: [] },
    );
    const mixed = fc.tuple(event, fc.boolean()).map(([odd, whole]) => (whole ? { ...CLASSIC, ...odd } : odd));
    fc.assert(
      fc.property(fc.array(mixed, { maxLength: 5 }), (events) => {
        const alone = events.map((event) => take([event]));
        for (const { events: taken, unread, ignored } of alone) {
          const counted = Object.values(ignored).reduce((sum, count) => sum + count, 0);
          expect([Math.min(taken.length, 1), unread.length, counted].toSorted()).toEqual([0, 0, 1]);
          for (const { key } of taken) expect(key).toMatch(/^[\x21-\x7e]{1,300}$/);
        }
        // And together no other way than alone.
        const together = take(events);
        expect(together.events).toEqual(alone.flatMap((each) => each.events));
        expect(together.unread).toEqual(alone.flatMap((each) => each.unread));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(shared.receive(signed(Buffer.from(bytes))).kind).toBe('accepted');
      }),
    );
  });
});
