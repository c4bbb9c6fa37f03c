// The subjects and priorities of HubSpot's events, and the events that are ignored.
import { describe, expect, test } from 'vitest';
import { PRIORITY } from '../../../../src/domain/priority.ts';
import { connect } from '../hubspot-fixture.ts';
import { APP, BARE, CLASSIC, GENERIC, keys, NO_OBJECT, parse, shared, signed, subjects } from './webhook-events.ts';

describe('the HubSpot webhook receiver', () => {
  test('does not exist without a client secret', () => {
    expect(connect().connector.webhook).toBeUndefined();
  });

  test('refuses a request without a signature before its body is read', () => {
    const request = { ...signed(Buffer.alloc(0)), headers: {} };
    expect(shared.preCheck(request)).toMatchObject({ kind: 'refused', status: 401, reason: 'missing_signature' });
    expect(shared.parse(request)).toMatchObject({ kind: 'refused', status: 401, reason: 'missing_signature' });
    expect(shared.preCheck(signed(Buffer.alloc(0)))).toBe(null);
  });

  test('refuses a body that was changed after signing', () => {
    const request = { ...signed(Buffer.from('[]')), body: Buffer.from('[ ]') };
    expect(shared.parse(request)).toMatchObject({ kind: 'refused', status: 401, reason: 'bad_signature' });
  });

  test('refuses a longer path with 404, even with a valid signature', () => {
    const request = signed(Buffer.from('[]'), 'more');
    expect(shared.preCheck(request)).toMatchObject({ kind: 'refused', status: 404 });
    expect(shared.parse(request)).toMatchObject({ kind: 'refused', status: 404 });
  });

  test('allows a body with 100 events that have values of the maximum length', () => {
    expect(shared.maxBytes).toBeGreaterThan(100 * 65_536);
  });
});

describe('an event of a contact:', () => {
  test.each([
    ['classic', CLASSIC],
    ['generic', GENERIC],
  ])('a changed property makes the contact dirty: %s form', (_form, event) => {
    expect(parse([event])).toEqual({
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
      unparsed: [],
      ignored: {},
    });
  });

  test.each(['creation', 'deletion', 'restore'])('a %s makes the contact dirty', (action) => {
    expect(subjects([{ ...BARE, subscriptionType: `contact.${action}`, changeFlag: 'NEW' }])).toEqual([
      'contacts/541935488729',
    ]);
    expect(subjects([{ ...BARE, subscriptionType: `object.${action}`, objectTypeId: '0-1' }])).toEqual([
      'contacts/541935488729',
    ]);
  });

  test('a merge makes the survivor and each merged contact dirty, with different keys', () => {
    const merge = {
      ...{ ...NO_OBJECT, subscriptionType: 'contact.merge', primaryObjectId: 1, mergedObjectIds: [2, 3] },
      ...{ newObjectId: 4, numberOfPropertiesMoved: 9 },
    };
    expect(subjects([merge])).toEqual(['contacts/1', 'contacts/2', 'contacts/3', 'contacts/4']);
    expect(new Set(keys([merge])).size).toBe(4);
    expect(subjects([{ ...merge, newObjectId: 1 }])).toEqual(['contacts/1', 'contacts/2', 'contacts/3']);
  });

  test('a privacy deletion erases the contact, even if our own app caused it', () => {
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
  ])('a link change %j of a %s makes its subjects dirty', (link, object, expected) => {
    const subscriptionType = `${object}.associationChange`;
    const ends = { fromObjectId: 1, toObjectId: 2, associationRemoved: false, isPrimaryAssociation: false };
    expect(subjects([{ ...NO_OBJECT, subscriptionType, ...ends, ...link }])).toEqual(expected);
    expect(subjects([{ ...NO_OBJECT, subscriptionType, ...ends, ...link, associationRemoved: true }])).toEqual(
      expected,
    );
  });
});

describe('an event of an item', () => {
  test.each([
    ['0-2', 'companies'],
    ['0-3', 'deals'],
    ['0-47', 'meetings'],
    ['MEETING_EVENT', 'meetings'],
    ['0-48', 'calls'],
    ['0-49', 'emails'],
  ])('with the type %s has the stream %s', (objectTypeId, stream) => {
    for (const action of ['creation', 'deletion', 'restore']) {
      expect(subjects([{ ...BARE, subscriptionType: `object.${action}`, objectTypeId }])).toEqual([
        `${stream}/541935488729`,
      ]);
    }
  });

  test('has the same subject in the classic form', () => {
    expect(subjects([{ ...BARE, subscriptionType: 'company.creation' }])).toEqual(['companies/541935488729']);
    expect(subjects([{ ...BARE, subscriptionType: 'deal.deletion' }])).toEqual(['deals/541935488729']);
  });

  test('is ignored if no rule of the mapping reads its stream', () => {
    const notes = { ...BARE, subscriptionType: 'object.creation', objectTypeId: '0-46' };
    expect(parse([notes, notes])).toEqual({
      kind: 'accepted',
      events: [],
      unparsed: [],
      ignored: { no_rule: 2 },
    });
  });
});

describe('an ignored event', () => {
  test('is a change of our own properties, whatever its source', () => {
    const own = { ...CLASSIC, propertyName: 'leadgrade_total_score', changeSource: 'CRM_UI' };
    expect(parse([own, { ...GENERIC, propertyName: 'Leadgrade_Status' }])).toMatchObject({
      events: [],
      ignored: { own_property: 2 },
    });
  });

  test('is a property change by our own app, while a deletion or merge by it still counts', () => {
    const own = { ...CLASSIC, changeSource: 'INTEGRATION', sourceId: APP };
    expect(parse([own]).ignored).toEqual({ own_write: 1 });
    expect(parse([{ ...own, sourceId: '2931120' }]).events).toHaveLength(1);
    expect(subjects([{ ...own, subscriptionType: 'contact.deletion' }])).toEqual(['contacts/541935488729']);
    expect(
      subjects([{ ...own, subscriptionType: 'contact.merge', primaryObjectId: 1, mergedObjectIds: [2] }]),
    ).toHaveLength(3);
  });

  test('is a change of a property that the mapping does not read', () => {
    const other = { ...CLASSIC, propertyName: 'hs_latest_meeting_activity' };
    expect(parse([other]).ignored).toEqual({ ignored_property: 1 });
    for (const propertyName of [
      'lifecyclestage',
      'hs_analytics_num_page_views',
      'hs_analytics_last_url',
      'associatedcompanyid',
      'salesforceleadid',
    ]) {
      expect(parse([{ ...CLASSIC, propertyName }]).events).toHaveLength(1);
    }
    const company = { ...CLASSIC, subscriptionType: 'company.propertyChange' };
    expect(parse([{ ...company, propertyName: 'numberofemployees' }]).events).toHaveLength(1);
    expect(parse([{ ...company, propertyName: 'hs_num_open_deals' }]).ignored).toEqual({ ignored_property: 1 });
  });
});

describe('an event of an object that is not read', () => {
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
  ])('is counted as ignored and not stored: %j', (event) => {
    const ignored = { kind: 'accepted', events: [], unparsed: [], ignored: { ignored_object: 1 } };
    expect(parse([{ ...BARE, ...event }])).toEqual(ignored);
  });
});

describe('the priority of an event', () => {
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
  ])('of the type %s from the source %s is %i', (objectTypeId, changeSource, priority) => {
    const [event] = parse([{ ...BARE, subscriptionType: 'object.creation', objectTypeId, changeSource }]).events;
    expect(event?.priority).toBe(priority);
  });
});
