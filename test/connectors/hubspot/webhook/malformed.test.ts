// What tells HubSpot's events apart, and what is kept of bodies that are odd.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOW } from '../hubspot-fixture.ts';
import { about, BARE, CLASSIC, GENERIC, keys, NO_OBJECT, shared, signed, subjects, take } from './webhook-events.ts';

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

  test('holds no value, and tells whatever marks HubSpot may give', () => {
    expect(keys([CLASSIC])[0]).not.toContain('jane');
    const marks = ['é', 'x'.repeat(1000), ' ', '\u0000'];
    const made = marks.flatMap((eventId) => keys([{ ...BARE, subscriptionType: 'contact.creation', eventId }]));
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
    const { events, unparsed, ignored } = take(body);
    expect({ events, ignored }).toEqual({ events: [], ignored: {} });
    expect(unparsed).toEqual([{ text: body.replaceAll('\u0000', '\ufffd'), reason: expect.any(String) }]);
  });

  test('may be an empty list', () => {
    expect(take([])).toEqual({ kind: 'accepted', events: [], unparsed: [], ignored: {} });
  });

  test('in another encoding is kept, not guessed at', () => {
    const verdict = shared.parse(signed(Buffer.from([0x5b, 0xff, 0x5d])));
    expect(verdict).toMatchObject({
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
    const { events, unparsed } = take([CLASSIC, odd, { ...CLASSIC, objectId: 2 }]);
    expect(events.map(about)).toEqual(['contacts/541935488729', 'contacts/2']);
    expect(unparsed).toMatchObject([{ text: JSON.stringify(odd), reason: expect.not.stringContaining('jane') }]);
  });

  test('says of which portal it is, whatever else is wrong with it', () => {
    const { unparsed } = take([{ portalId: 7, subscriptionType: 'none' }, { portalId: 'x' }, null]);
    expect(unparsed.map(({ account }) => account)).toEqual(['7', undefined, undefined]);
  });

  test('is read again by a version that understands it', () => {
    const [part] = take([{ ...CLASSIC, occurredAt: undefined }]).unparsed;
    const mended = part!.text.replace('{', '{"occurredAt":1787843156000,');
    expect(shared.reparse(mended, NOW).events).toEqual(take([CLASSIC]).events);
    expect(shared.reparse(part!.text, NOW)).toMatchObject({ events: [], unparsed: [{ text: part!.text }] });
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
    expect(take(text)).toMatchObject({ events: [], unparsed: [{ reason: expect.any(String) }] });
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
        for (const { events: taken, unparsed, ignored } of alone) {
          const counted = Object.values(ignored).reduce((sum, count) => sum + count, 0);
          expect([Math.min(taken.length, 1), unparsed.length, counted].toSorted()).toEqual([0, 0, 1]);
        }
        // And together no other way than alone.
        const together = take(events);
        expect(together.events).toEqual(alone.flatMap((each) => each.events));
        expect(together.unparsed).toEqual(alone.flatMap((each) => each.unparsed));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(shared.parse(signed(Buffer.from(bytes))).kind).toBe('accepted');
      }),
    );
  });
});
