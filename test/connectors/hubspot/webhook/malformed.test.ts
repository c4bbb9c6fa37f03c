// The keys of HubSpot's events, and malformed bodies: they lose no valid event and make the
// receiver throw nothing.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOW } from '../hubspot-fixture.ts';
import { about, BARE, CLASSIC, GENERIC, keys, NO_OBJECT, parse, shared, signed, subjects } from './webhook-events.ts';

describe('the key of a HubSpot event', () => {
  test('is equal for each delivery of the event, and different for any other event', () => {
    const [key] = keys([CLASSIC]);
    expect(keys([{ ...CLASSIC, attemptNumber: 7, propertyValue: 'other', sourceId: 'x' }])).toEqual([key]);
    for (const other of [
      ...[{ portalId: 2 }, { subscriptionId: 2 }, { objectId: 2 }, { eventId: 2 }, { occurredAt: 2 }],
      ...[{ propertyName: 'jobtitle' }, { subscriptionId: undefined }],
    ]) {
      expect(keys([{ ...CLASSIC, ...other }])).not.toEqual([key]);
    }
  });

  test('contains no property value, and differs for any event ID that HubSpot may send', () => {
    expect(keys([CLASSIC])[0]).not.toContain('jane');
    const eventIds = ['é', 'x'.repeat(1000), ' ', '\u0000'];
    const found = eventIds.flatMap((eventId) => keys([{ ...BARE, subscriptionType: 'contact.creation', eventId }]));
    expect(new Set(found).size).toBe(eventIds.length);
  });
});

describe('a malformed webhook body', () => {
  test.each([
    ['invalid JSON', '{"eventId":'],
    ['empty', ''],
    ['an object instead of a list', JSON.stringify(CLASSIC)],
    ['null', 'null'],
    ['a zero character', '[\u0000]'],
  ])('is stored whole as one unparsed part: %s', (_what, body) => {
    const { events, unparsed, ignored } = parse(body);
    expect({ events, ignored }).toEqual({ events: [], ignored: {} });
    expect(unparsed).toEqual([{ text: body.replaceAll('\u0000', '\ufffd'), reason: expect.any(String) }]);
  });

  test('may be an empty list, which has no events', () => {
    expect(parse([])).toEqual({ kind: 'accepted', events: [], unparsed: [], ignored: {} });
  });

  test('in another encoding than UTF-8 is stored as an unparsed part', () => {
    const result = shared.parse(signed(Buffer.from([0x5b, 0xff, 0x5d])));
    expect(result).toMatchObject({
      kind: 'accepted',
      events: [],
      unparsed: [{ reason: expect.stringContaining('UTF-8') }],
    });
  });

  test.each([
    ['a number', 7],
    ['null', null],
    ['a list', [CLASSIC]],
    ['no portal', { ...CLASSIC, portalId: undefined }],
    ['no object', { ...CLASSIC, objectId: undefined }],
    ['an ID that is not a number', { ...CLASSIC, objectId: '1; drop table' }],
    ['an ID with a fraction', { ...CLASSIC, objectId: 1.5 }],
    ['no time', { ...CLASSIC, occurredAt: undefined }],
    ['a time beyond the year 9999', { ...CLASSIC, occurredAt: 9_000_000_000_000_000 }],
    ['an unknown type', { ...CLASSIC, subscriptionType: 'contact.teleportation' }],
    ['a new message of a contact', { ...BARE, subscriptionType: 'contact.newMessage' }],
    ['a ticket without an ID', { ...NO_OBJECT, subscriptionType: 'ticket.creation' }],
    ['an unknown action of a ticket', { ...BARE, subscriptionType: 'ticket.teleportation' }],
    ['an unknown object', { ...BARE, subscriptionType: 'wombat.creation' }],
    ['an invalid object type', { ...BARE, subscriptionType: 'object.creation', objectTypeId: '0-1; drop table' }],
    ['no object type', { ...BARE, subscriptionType: 'object.creation' }],
    ['an object named like a built-in property', { ...BARE, subscriptionType: 'constructor.creation' }],
    ['an action named like a built-in property', { ...BARE, subscriptionType: 'contact.constructor' }],
    ['a property change without a property', { ...BARE, subscriptionType: 'contact.propertyChange' }],
    ['a deletion for privacy of a company', { ...BARE, subscriptionType: 'company.privacyDeletion' }],
    ['a link without ends', { ...BARE, subscriptionType: 'contact.associationChange' }],
  ])('loses only the invalid element: %s', (_what, invalid) => {
    const { events, unparsed } = parse([CLASSIC, invalid, { ...CLASSIC, objectId: 2 }]);
    expect(events.map(about)).toEqual(['contacts/541935488729', 'contacts/2']);
    expect(unparsed).toMatchObject([{ text: JSON.stringify(invalid), reason: expect.not.stringContaining('jane') }]);
  });

  test('gives an unparsed part the ID of its portal, if the ID is valid', () => {
    const { unparsed } = parse([{ portalId: 7, subscriptionType: 'none' }, { portalId: 'x' }, null]);
    expect(unparsed.map(({ account }) => account)).toEqual(['7', undefined, undefined]);
  });

  test('is parsed again by a later version that understands it', () => {
    const [part] = parse([{ ...CLASSIC, occurredAt: undefined }]).unparsed;
    const repaired = part!.text.replace('{', '{"occurredAt":1787843156000,');
    expect(shared.reparse(repaired, NOW).events).toEqual(parse([CLASSIC]).events);
    expect(shared.reparse(part!.text, NOW)).toMatchObject({ events: [], unparsed: [{ text: part!.text }] });
  });

  test('with IDs beyond the safe integers of JavaScript keeps every digit', () => {
    const text = JSON.stringify([CLASSIC]).replace('541935488729', '9223372036854775807');
    expect(subjects(text)).toEqual(['contacts/9223372036854775807']);
    const merge = { ...NO_OBJECT, subscriptionType: 'contact.merge', primaryObjectId: 1, mergedObjectIds: [2] };
    expect(subjects(JSON.stringify([merge]).replace('[2]', '[9007199254740993]'))).toEqual([
      'contacts/1',
      'contacts/9007199254740993',
    ]);
  });

  test('with keys of a prototype does not change any prototype', () => {
    const text = JSON.stringify([CLASSIC]).replace(
      '{',
      '{"__proto__":{"polluted":true},"constructor":{"prototype":1},',
    );
    expect(subjects(text)).toEqual(['contacts/541935488729']);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test('that is nested deeper than the stack is stored as an unparsed part', () => {
    const text = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(parse(text)).toMatchObject({ events: [], unparsed: [{ reason: expect.any(String) }] });
  });

  test('with 1,000 events has all of them accepted', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ ...CLASSIC, objectId: index + 1 }));
    expect(parse(many).events).toHaveLength(1_000);
  });

  test('never makes the receiver throw, and each element gives events, an unparsed part or an ignored count', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('contact.creation', 'object.merge', '0-1', 'email', 1, '7'));
    const event = fc.record(
      Object.fromEntries(
        Object.keys({ ...GENERIC, primaryObjectId: 1, mergedObjectIds: 1, fromObjectId: 1, toObjectId: 1 }).map(
          (key) => [key, value],
        ),
      ),
      { requiredKeys: [] },
    );
    const mixed = fc
      .tuple(event, fc.boolean())
      .map(([fields, isComplete]) => (isComplete ? { ...CLASSIC, ...fields } : fields));
    fc.assert(
      fc.property(fc.array(mixed, { maxLength: 5 }), (events) => {
        const alone = events.map((event) => parse([event]));
        for (const { events: accepted, unparsed, ignored } of alone) {
          const counted = Object.values(ignored).reduce((sum, count) => sum + count, 0);
          expect([Math.min(accepted.length, 1), unparsed.length, counted].toSorted()).toEqual([0, 0, 1]);
        }
        // Together they give the same results as alone.
        const together = parse(events);
        expect(together.events).toEqual(alone.flatMap((result) => result.events));
        expect(together.unparsed).toEqual(alone.flatMap((result) => result.unparsed));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(shared.parse(signed(Buffer.from(bytes))).kind).toBe('accepted');
      }),
    );
  });
});
