// A chunk of leads, scored: what one of them cannot spoil for the others, and when a record need not be written.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ActiveModel, MappedCrm } from '../../../jobs/context.ts';
import { scoreChunk } from '../../../jobs/score/score-chunk.ts';
import { SCORE_FIELDS } from '../../../src/domain/score-fields.ts';
import { readPeople } from '../../../src/people/people-policy.ts';
import { compileModel } from '../../../src/scoring/compile/compile.ts';
import { readModel } from '../../../src/scoring/schemas/model.ts';
import type { DueLead } from '../../../src/store/leads/score-due-leads.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z');
const TEXT = readFileSync(new URL('../../../mappings/model.yaml', import.meta.url), 'utf8');

function activeModel(): ActiveModel {
  const { model } = readModel(TEXT, 'model.yaml');
  if (model === null) throw new Error('The default model is not valid.');
  return { compiled: compileModel(model), hash: 'hash', text: TEXT };
}

/** A CRM whose mapping cannot judge a lead that is called Bobby. */
const CRM: Omit<MappedCrm, 'connector'> = {
  inScope: (fields) => {
    if (fields['contact.first_name'] === 'Bobby') throw new RangeError('no scope for this one');
    return true;
  },
  writes: SCORE_FIELDS,
  mappingHash: '',
  scopeHash: '',
  editPolicy: 'overwrite' as const,
};

const { people: PEOPLE } = readPeople(
  readFileSync(new URL('../../../mappings/people.yaml', import.meta.url), 'utf8'),
  'people.yaml',
  ['hubspot', 'salesforce'],
);
if (PEOPLE === null) throw new Error('The shipped people.yaml is not valid.');
const NAMES = new Map([
  ['hubspot', 'HubSpot'],
  ['salesforce', 'Salesforce'],
]);

const salesforce = { id: 'salesforce', maxTextLength: 32_768 } as MappedCrm['connector'];
const connector = { id: 'hubspot', maxTextLength: 65_536 } as MappedCrm['connector'];
const score = (...leads: DueLead[]) => scoreWith(CRM, ...leads);
const scoreWith = (crm: Omit<MappedCrm, 'connector'>, ...leads: DueLead[]) =>
  scoreChunk(leads, {
    crms: new Map([
      ['hubspot', { ...crm, connector }],
      [
        'salesforce',
        { ...CRM, connector: salesforce, inScope: (fields) => fields['contact.lifecycle'] !== 'customer' },
      ],
    ]),
    model: activeModel(),
    timezone: 'UTC',
    basis: {
      hash: 'basis',
      unobserved: new Map(),
      fromSite: new Set<string>(),
      policy: { ...PEOPLE, activities: { webinar: 'salesforce' } },
      names: NAMES,
    },
    thresholds: {},
    now: NOW,
  });

function lead(id: number, fields: Record<string, string>, changes: Partial<DueLead['records'][number]> = {}): DueLead {
  const record = {
    crm: 'hubspot',
    object: 'contacts',
    id: String(id),
    fields,
    crm_values: {},
    last_written_values: null,
  };
  return {
    id,
    cause: 'changed',
    priority: 1,
    records: [{ ...record, synced_result_id: null, ...changes }],
    activities: [],
    previous: null,
  };
}

test('a lead that cannot be scored is told, and the others of its chunk are scored', () => {
  const [first, second, third] = score(
    lead(1, { 'contact.job_title': 'VP Sales' }),
    lead(2, { 'contact.first_name': 'Bobby' }),
    lead(3, { 'contact.job_title': 'CEO' }),
  );
  expect([first?.result?.fit_score, third?.result?.fit_score]).toEqual([30, 30]);
  expect(second).toMatchObject({
    result: null,
    records: [],
    failure: expect.stringContaining('no scope for this one'),
  });
});

test('what somebody else wrote into our fields is written over, or respected until they empty it', () => {
  const [fresh] = score(lead(1, { 'contact.job_title': 'VP Sales' }));
  const ours = fresh?.records[0];
  if (ours?.kind !== 'write') throw new Error('The first result is to be written.');
  const held = (status: string | null) =>
    lead(
      1,
      { 'contact.job_title': 'VP Sales' },
      { last_written_values: ours.patch, crm_values: { ...ours.patch, status } },
    );
  const respecting = { ...CRM, whenEdited: 'respect' as const };
  const decisions = (crm: typeof CRM, status: string | null) =>
    scoreWith(crm, held(status)).flatMap(({ records }) => records.map(({ kind }) => kind));
  expect(decisions(CRM, 'hand-made')).toEqual(['write']);
  expect(decisions(respecting, 'hand-made')).toEqual(['respected']);
  expect(decisions(respecting, null)).toEqual(['write']);
  expect(decisions(respecting, String(ours.patch.status))).toEqual(['in_sync']);
  const customer = { ...respecting, inScope: () => false };
  expect(decisions(customer, 'hand-made')).toEqual(['respected']);
  expect(decisions(customer, null)).toEqual(['write']);
});

test('what the CRM holds already after the database was lost is not written again', () => {
  const [fresh] = score(lead(1, { 'contact.job_title': 'VP Sales' }));
  const written = fresh?.records[0];
  if (written?.kind !== 'write') throw new Error('The first result is to be written.');
  const [again] = score(lead(1, { 'contact.job_title': 'VP Sales' }, { crm_values: written.patch }));
  expect(again?.records).toMatchObject([{ kind: 'in_sync' }]);
  const [edited] = score(
    lead(1, { 'contact.job_title': 'VP Sales' }, { crm_values: { ...written.patch, status: 'hot' } }),
  );
  expect(edited?.records).toMatchObject([{ kind: 'write', patch: { status: written.patch.status } }]);
});

/** One person in both CRMs: the title stands in Salesforce, the same meeting in both, page views in HubSpot. */
function inBoth(inSalesforce: Record<string, string | number> = {}): DueLead {
  const { records } = lead(1, { 'contact.country': 'US' });
  const fields = { 'contact.job_title': 'VP Sales', 'company.employees': 250, ...inSalesforce };
  const rest = { crm_values: {}, last_written_values: null, synced_result_id: null };
  const view = (id: string, day: number) => {
    return {
      crm: 'hubspot',
      id,
      type: 'page_view',
      at: Date.UTC(2026, 10, day),
      attributes: { path: '/pricing' },
      fromSite: false,
    };
  };
  return {
    ...lead(1, {}),
    records: [...records, { crm: 'salesforce', object: 'Contact', id: '003', fields, ...rest }],
    activities: [
      view('view:1', 19),
      view('view:2', 20),
      { crm: 'salesforce', id: 'view:1', type: 'webinar', at: Date.UTC(2026, 10, 21), attributes: {}, fromSite: false },
    ],
  };
}

test('a person in two CRMs has one score, and each reason says where it comes from', () => {
  const [scored] = score(inBoth());
  const patches = scored?.records.flatMap((record) => (record.kind === 'write' ? [record.patch] : [])) ?? [];
  expect(patches).toHaveLength(2);
  expect(patches[0]).toEqual(patches[1]);
  const text = String(patches[0]?.explanation);
  expect(text).toContain('+30 Executive (Job title; Salesforce)');
  expect(text).toMatch(/^\+\d+ Viewed pricing \(2 times, last on 20 Nov 2026; HubSpot\)$/m);
  expect(text).toMatch(/^\+\d+ Took part in a webinar \(21 Nov 2026; Salesforce\)$/m);
  const sum = [...text.matchAll(/^([+-]\d+) /gm)].reduce((total, [, points]) => total + Number(points), 0);
  expect(sum).toBe(scored?.result?.total);
});

test('a person whom one CRM knows is told of no CRM', () => {
  const [scored] = score(lead(1, { 'contact.job_title': 'VP Sales' }));
  const [record] = scored?.records ?? [];
  expect(record?.kind === 'write' ? record.patch.explanation : '').toContain('+30 Executive (Job title)\n');
});

test('a customer in one of two CRMs is a customer; a CRM that is not set up has no say', () => {
  const [customer] = score(inBoth({ 'contact.lifecycle': 'customer' }));
  expect(customer).toMatchObject({ unscored: true, result: null });
  const other = inBoth();
  const unknown = { ...other, records: other.records.map((each) => ({ ...each, crm: `${each.crm}-old` })) };
  expect(score(unknown)[0]).toMatchObject({ unscored: false, records: [] });
});
