// What HubSpot sends: what it is about, and what is counted and dropped.
import { describe, expect, test } from 'vitest';
import { PRIORITY } from '../../../../src/domain/priority.ts';
import { connect } from '../hubspot-fixture.ts';
import { APP, BARE, CLASSIC, GENERIC, keys, NO_OBJECT, shared, signed, subjects, take } from './webhook-events.ts';

describe('who may send', () => {
  test('without a client secret nothing is received', () => {
    expect(connect().connector.webhook).toBeUndefined();
  });

  test('a request that is not signed is refused before its body is read', () => {
    const request = { ...signed(Buffer.alloc(0)), headers: {} };
    expect(shared.preCheck(request)).toMatchObject({ kind: 'refused', status: 401, reason: 'missing-signature' });
    expect(shared.parse(request)).toMatchObject({ kind: 'refused', status: 401, reason: 'missing-signature' });
    expect(shared.preCheck(signed(Buffer.alloc(0)))).toBe(null);
  });

  test('a body that was changed on its way is refused', () => {
    const request = { ...signed(Buffer.from('[]')), body: Buffer.from('[ ]') };
    expect(shared.parse(request)).toMatchObject({ kind: 'refused', status: 401, reason: 'bad-signature' });
  });

  test('another path is not there, whoever asks', () => {
    const request = signed(Buffer.from('[]'), 'more');
    expect(shared.preCheck(request)).toMatchObject({ kind: 'refused', status: 404 });
    expect(shared.parse(request)).toMatchObject({ kind: 'refused', status: 404 });
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
      unparsed: [],
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
    expect(take([notes, notes])).toEqual({
      kind: 'accepted',
      events: [],
      unparsed: [],
      ignored: { ignored_property: 2 },
    });
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
    expect(take([other]).ignored).toEqual({ ignored_object: 1 });
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
    expect(take([{ ...company, propertyName: 'hs_num_open_deals' }]).ignored).toEqual({ ignored_object: 1 });
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
    const told = { kind: 'accepted', events: [], unparsed: [], ignored: { ignored_object: 1 } };
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
