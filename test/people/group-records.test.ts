// Grouping of records into persons, in any order and repeatedly.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordLink } from '../../src/domain/crm-changes.ts';
import { type MatchRecord, recordKey } from '../../src/domain/person.ts';
import { groupRecords } from '../../src/people/group-records.ts';
import { namesDiffer } from '../../src/people/names.ts';
import type { MatchPolicy } from '../../src/people/people-policy.ts';

const POLICY: MatchPolicy = {
  by: ['links', 'email'],
  shared_inboxes: ['info', 'no-reply'],
  plus_tags: 'different',
  max_records: 3,
};

const OBJECTS = { hubspot: 'contacts', salesforce: 'Contact' } as const;

type Changes = Partial<MatchRecord> & { readonly address?: string | null };

function record(crm: keyof typeof OBJECTS, id: string, changes: Changes = {}): MatchRecord {
  const leadId = Number(id) + (crm === 'hubspot' ? 0 : 1_000);
  const { address = null, ...rest } = changes;
  const name = { first: null, last: null };
  return {
    crm,
    object: OBJECTS[crm],
    id,
    leadId,
    addresses: address === null ? [] : [address],
    name,
    linked: [],
    ...rest,
  };
}

const to = (crm: keyof typeof OBJECTS, id: string): RecordLink => ({ crm, object: OBJECTS[crm], id });

/** The persons of several records, by their ids: `h1 s1 | s2`. */
function persons(records: readonly MatchRecord[], policy: MatchPolicy = POLICY): readonly string[] {
  return groupRecords(records, policy)
    .map((group) => group.records.map(({ crm, id }) => `${crm[0]}${id}`).join(' '))
    .toSorted();
}

describe('matching', () => {
  test('records with the same address are one person', () => {
    const address = 'pat@acme.example';
    expect(persons([record('hubspot', '1', { address }), record('salesforce', '1', { address })])).toEqual(['h1 s1']);
    expect(persons([record('hubspot', '1', { address }), record('salesforce', '1')])).toEqual(['h1', 's1']);
  });

  test('linked records are one person, whatever their addresses', () => {
    const h = record('hubspot', '1', { address: 'a@acme.example', linked: [to('salesforce', '1')] });
    expect(persons([h, record('salesforce', '1', { address: 'b@acme.example' })])).toEqual(['h1 s1']);
  });

  test('a record with a link into a CRM is not matched by address with other records of that CRM', () => {
    const address = 'pat@acme.example';
    const h = record('hubspot', '1', { address, linked: [to('salesforce', '1')] });
    const s1 = record('salesforce', '1', { address: 'b@acme.example' });
    expect(persons([h, s1, record('salesforce', '2', { address })])).toEqual(['h1 s1', 's2']);
    expect(persons([h, s1, record('hubspot', '2', { address: 'b@acme.example' })])).toEqual(['h1 s1', 'h2']);
  });

  test('a shared inbox matches no records, with a tag, a number or another separator', () => {
    for (const address of [
      'info@acme.example',
      'info+fair@acme.example',
      'info2@acme.example',
      'no.reply@acme.example',
    ]) {
      expect(persons([record('hubspot', '1', { address }), record('salesforce', '1', { address })])).toHaveLength(2);
    }
  });

  test('an address or link target of more than max_records records matches no records', () => {
    const many = (changes: Changes) => ['1', '2', '3', '4'].map((id) => record('hubspot', id, changes));
    expect(persons(many({ address: 'pat@acme.example' }).slice(0, 3))).toEqual(['h1 h2 h3']);
    expect(persons(many({ address: 'pat@acme.example' }))).toHaveLength(4);
    expect(persons([record('salesforce', '9'), ...many({ linked: [to('salesforce', '9')] })])).toHaveLength(5);
  });

  test('records are matched only by the criteria in the policy', () => {
    const address = 'pat@acme.example';
    const records = [
      record('hubspot', '1', { address, linked: [to('salesforce', '1')] }),
      record('salesforce', '1'),
      record('salesforce', '2', { address }),
    ];
    expect(persons(records, { ...POLICY, by: ['links'] })).toEqual(['h1 s1', 's2']);
    expect(persons(records, { ...POLICY, by: ['email'] })).toEqual(['h1 s2', 's1']);
    expect(persons(records, { ...POLICY, by: [] })).toEqual(['h1', 's1', 's2']);
  });
});

describe('lead assignment', () => {
  const address = 'pat@acme.example';

  test('a person gets the oldest lead of its records', () => {
    const [person] = groupRecords(
      [record('hubspot', '1', { address, leadId: 7 }), record('salesforce', '1', { address, leadId: 3 })],
      POLICY,
    );
    expect(person?.leadId).toBe(3);
  });

  test('a lead whose records split stays with most of them, and the other record gets a new lead', () => {
    const split = groupRecords(
      [
        record('hubspot', '1', { leadId: 3 }),
        record('salesforce', '1', { address, leadId: 3 }),
        record('salesforce', '2', { address, leadId: 3 }),
      ],
      POLICY,
    );
    expect(split.map(({ leadId, records }) => [leadId, records.length])).toEqual([
      [null, 1],
      [3, 2],
    ]);
  });
});

describe('names and further addresses', () => {
  const [anna, jorg] = [
    { first: 'Anna', last: 'Berg' },
    { first: 'Jörg', last: 'Kuhn' },
  ];
  const nameless = { first: null, last: null };
  const address = 'team-berlin@acme.example';

  test('records with one address and clearly different names are two persons', () => {
    const records = [
      record('hubspot', '1', { address, name: anna }),
      record('salesforce', '1', { address, name: jorg }),
    ];
    expect(persons(records)).toEqual(['h1', 's1']);
  });

  test('a record with the name of one of two persons with the same address is of that person', () => {
    const records = [
      record('hubspot', '1', { address, name: anna }),
      record('salesforce', '1', { address, name: { first: 'A.', last: 'Berg' } }),
      record('salesforce', '2', { address, name: jorg }),
    ];
    expect(persons(records)).toEqual(['h1 s1', 's2']);
  });

  test('a record without a name could be either of two persons with the same address, and is of none', () => {
    const records = [
      record('hubspot', '1', { address, name: anna }),
      record('hubspot', '2', { address, name: nameless }),
      record('salesforce', '2', { address, name: jorg }),
    ];
    expect(persons(records)).toEqual(['h1', 'h2', 's2']);
    expect(persons(records.slice(0, 2))).toEqual(['h1 h2']);
  });

  test('a link is stronger than names that differ', () => {
    const h = record('hubspot', '1', { name: anna, linked: [to('salesforce', '1')] });
    expect(persons([h, record('salesforce', '1', { name: jorg })])).toEqual(['h1 s1']);
  });

  test('every address of a record matches', () => {
    const h = record('hubspot', '1', { addresses: ['anna@acme.example', 'anna.berg@home.example'] });
    const s = [record('salesforce', '1', { address: 'anna.berg@home.example' })];
    expect(persons([h, ...s])).toEqual(['h1 s1']);
  });

  test('a tag after a plus is another address, unless plus_tags says that it is the same', () => {
    const records = [
      record('hubspot', '1', { address: 'anna@acme.example' }),
      record('salesforce', '1', { address: 'anna+demo@acme.example' }),
    ];
    expect(persons(records)).toEqual(['h1', 's1']);
    expect(persons(records, { ...POLICY, plus_tags: 'same' })).toEqual(['h1 s1']);
  });
});

const ids = fc.constantFrom('1', '2', '3', '4');
const crms = fc.constantFrom('hubspot' as const, 'salesforce' as const);
const records = fc.uniqueArray(
  fc
    .record({
      crm: crms,
      id: ids,
      leadId: fc.integer({ min: 1, max: 5 }),
      addresses: fc.subarray(['a@x.example', 'b@x.example', 'b+c@x.example', 'info@x.example'], { maxLength: 2 }),
      name: fc.record({
        first: fc.constantFrom(null, 'Anna', 'A.', 'Jörg'),
        last: fc.constantFrom(null, 'Berg', 'Kuhn', 'Bergmann'),
      }),
      linked: fc.array(fc.record({ crm: crms, id: ids }), { maxLength: 2 }),
    })
    .map(({ crm, id, leadId, addresses, name, linked }) =>
      record(crm, id, { leadId, addresses, name, linked: linked.map((link) => to(link.crm, link.id)) }),
    ),
  { selector: recordKey },
);

const inOrder = (all: readonly MatchRecord[]) => all.toSorted((a, b) => (recordKey(a) < recordKey(b) ? -1 : 1));

test('the order of the records does not change the persons', () => {
  const shuffled = records.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
  );
  fc.assert(
    fc.property(shuffled, ([all, other]) => {
      expect(groupRecords(other, POLICY)).toEqual(groupRecords(all, POLICY));
    }),
  );
});

test('every record is in exactly one person, and no lead belongs to two persons', () => {
  fc.assert(
    fc.property(records, (all) => {
      const groups = groupRecords(all, POLICY);
      expect(inOrder(groups.flatMap((group) => group.records))).toEqual(inOrder(all));
      const leads = groups.flatMap(({ leadId }) => (leadId === null ? [] : [leadId]));
      expect(new Set(leads).size).toBe(leads.length);
    }),
  );
});

test('grouping again with the assigned leads assigns the same leads', () => {
  fc.assert(
    fc.property(records, (all) => {
      const first = groupRecords(all, POLICY).map((group, index) => {
        return { ...group, leadId: group.leadId ?? 100 + index };
      });
      const assigned = first.flatMap((group) => group.records.map((each) => ({ ...each, leadId: group.leadId })));
      expect(groupRecords(assigned, POLICY).map(({ leadId }) => leadId)).toEqual(first.map(({ leadId }) => leadId));
    }),
  );
});

test('no person has two records with different names, unless a link made them one person', () => {
  const unlinked = records.map((all) => all.map((each) => ({ ...each, linked: [] })));
  fc.assert(
    fc.property(unlinked, fc.constantFrom('same' as const, 'different' as const), (all, plus_tags) => {
      for (const group of groupRecords(all, { ...POLICY, plus_tags })) {
        for (const a of group.records) expect(group.records.filter((b) => namesDiffer(a.name, b.name))).toEqual([]);
      }
    }),
  );
});
