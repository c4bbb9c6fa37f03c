// Why records are one person or not, and where their values differ.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MatchRecord, recordKey } from '../../src/domain/person.ts';
import { explainMatches } from '../../src/people/explain-matches.ts';
import { fieldDifferences } from '../../src/people/field-differences.ts';
import { groupRecords } from '../../src/people/group-records.ts';
import type { MatchPolicy } from '../../src/people/people-policy.ts';

const POLICY: MatchPolicy = {
  by: ['links', 'email'],
  shared_inboxes: ['info'],
  plus_tags: 'different',
  max_records: 2,
};
const ADDRESS = 'anna@acme.example';

function record(id: string, crm: string, changes: Partial<MatchRecord> = {}): MatchRecord {
  const rest = { addresses: [ADDRESS], name: { first: 'Anna', last: 'Berg' }, linked: [] };
  return { crm, object: crm === 'hubspot' ? 'contacts' : 'Lead', id, leadId: Number(id), ...rest, ...changes };
}

function explained(all: readonly MatchRecord[], policy = POLICY) {
  const [own] = groupRecords(all, policy);
  const records = own?.records ?? [];
  const { matched, notMatched } = explainMatches(
    { own: records, all, linkProperties: () => ['salesforceleadid'] },
    policy,
  );
  const texts = (reasons: typeof matched) => reasons.map((each) => `${each.record.id}: ${each.reason}`);
  return { matched: texts(matched), notMatched: texts(notMatched) };
}

describe('the explanation of a match', () => {
  const other = record('2', 'salesforce');

  test('names the address or the link', () => {
    expect(explained([record('1', 'hubspot'), other]).matched).toEqual([
      `1: same address ${ADDRESS} as salesforce:2`,
      `2: same address ${ADDRESS} as hubspot:1`,
    ]);
    const linked = record('1', 'hubspot', { addresses: [], linked: [other] });
    expect(explained([linked, other]).matched).toEqual(['1: linked by salesforceleadid to salesforce:2']);
  });

  test.each<[string, MatchRecord[], Partial<MatchPolicy>, string]>([
    [
      'a shared inbox',
      [
        record('1', 'hubspot', { addresses: ['info@x.example'] }),
        record('2', 'salesforce', { addresses: ['info@x.example'] }),
      ],
      {},
      'shared inbox info@x.example',
    ],
    [
      'names that differ',
      [record('1', 'hubspot'), record('2', 'salesforce', { name: { first: 'Jörg', last: 'Kuhn' } })],
      {},
      'names differ (Anna Berg, Jörg Kuhn)',
    ],
    [
      'too many records',
      [record('1', 'hubspot'), other, record('3', 'salesforce')],
      {},
      `more than 2 records have the address ${ADDRESS}`,
    ],
    ['the policy', [record('1', 'hubspot'), other], { by: ['links'] }, 'people.yaml matches no addresses (match.by)'],
    [
      'a stronger link',
      [
        record('1', 'hubspot', { linked: [{ crm: 'salesforce', object: 'Lead', id: '3' }] }),
        other,
        record('3', 'salesforce', { addresses: [] }),
      ],
      {},
      'a link to another record is stronger than the address',
    ],
  ])('says that no match was made because of %s', (_why, all, changes, reason) => {
    expect(explained(all, { ...POLICY, ...changes }).notMatched[0]).toBe(`2: ${reason}`);
  });

  test('gives every record of a person a reason, and every other record with the same address one, too', () => {
    const name = fc.constantFrom(
      { first: 'Anna', last: 'Berg' },
      { first: 'Jörg', last: 'Kuhn' },
      { first: null, last: null },
    );
    const some = fc.uniqueArray(
      fc
        .record({ id: fc.constantFrom('1', '2', '3'), crm: fc.constantFrom('hubspot', 'salesforce'), name })
        .map(({ id, crm, name: own }) => record(id, crm, { name: own })),
      { selector: recordKey, minLength: 1 },
    );
    fc.assert(
      fc.property(some, fc.integer({ min: 2, max: 6 }), (all, max_records) => {
        const policy = { ...POLICY, max_records };
        for (const { records: own } of groupRecords(all, policy)) {
          const { matched, notMatched } = explainMatches({ own, all, linkProperties: () => [] }, policy);
          if (own.length > 1) expect(new Set(matched.map((each) => recordKey(each.record))).size).toBe(own.length);
          expect(notMatched).toHaveLength(all.length - own.length);
        }
      }),
    );
  });
});

describe('a field in which the records differ', () => {
  const policy = { match: POLICY, prefer: ['hubspot', 'salesforce'], prefer_by_field: {}, activities: {} };
  const records = [
    { crm: 'salesforce', object: 'Lead', id: '2', fields: { 'contact.job_title': 'CEO', 'contact.country': 'de ' } },
    { crm: 'hubspot', object: 'contacts', id: '1', fields: { 'contact.job_title': 'VP', 'contact.country': 'DE' } },
  ];
  const differences = (changes: object = {}) =>
    fieldDifferences(records, ['contact.job_title', 'contact.country', 'contact.need'], { ...policy, ...changes }).map(
      ({ field, values, reason }) => [field, values.map(({ value }) => value), reason],
    );

  test('is named with the value that counts first, and the rule', () => {
    expect(differences()).toEqual([['contact.job_title', ['VP', 'CEO'], 'prefer: [hubspot, salesforce]']]);
    const prefer_by_field = { 'contact.job_title': ['salesforce'] };
    expect(differences({ prefer_by_field })).toEqual([
      ['contact.job_title', ['CEO', 'VP'], 'prefer_by_field: contact.job_title: [salesforce]'],
    ]);
  });
});
