// Scoring of a chunk: the isolation of failures, and the records that need no write.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ActiveModel, type MappedCrm, onlyModel, type ScoredModel, toModelWhere } from '../../../jobs/context.ts';
import { addModels, knownModels } from '../../../jobs/score/earlier-models.ts';
import { scoreChunk } from '../../../jobs/score/score-chunk.ts';
import { UNREADABLE } from '../../../src/domain/lead.ts';
import { PRIORITY } from '../../../src/domain/priority.ts';
import { SCORE_FIELDS } from '../../../src/domain/score-fields.ts';
import { readPeople } from '../../../src/people/people-policy.ts';
import { compileModel } from '../../../src/scoring/compile/compile.ts';
import { readModel } from '../../../src/scoring/schemas/model.ts';
import type { DueLead } from '../../../src/store/leads/due-leads.ts';
import { addShippedTitleFields } from '../../support/shipped-titles.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z');
const TEXT = readFileSync(new URL('../../../mappings/model.yaml', import.meta.url), 'utf8');

addModels(
  new Map([
    ['before', TEXT.replace('label: Executive', 'label: Boss')],
    ['same', TEXT],
  ]),
);

function activeModel(): ActiveModel {
  const { model } = readModel(TEXT, 'model.yaml');
  if (model === null) throw new Error('The default model is not valid.');
  return { compiled: compileModel(model), hash: 'hash', text: TEXT };
}

/** A CRM whose scope fails for a lead with the first name Bobby. */
const CRM: Omit<MappedCrm, 'connector'> = {
  scopeOf: (fields) => {
    if (fields['contact.first_name'] === 'Bobby') throw new RangeError('no scope for this one');
    return 'in';
  },
  writes: SCORE_FIELDS,
  mappingHash: '',
  scopeHash: '',
  scopeHashOf: () => '',
  editPolicy: 'overwrite' as const,
  minChange: 1,
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
  scoreBy(onlyModel(activeModel()), crm, ...leads);
const scoreBy = (model: ScoredModel, crm: Omit<MappedCrm, 'connector'>, ...leads: DueLead[]) =>
  scoreChunk(leads, {
    crms: new Map([
      ['hubspot', { ...crm, connector }],
      [
        'salesforce',
        {
          ...CRM,
          connector: salesforce,
          scopeOf: (fields) => (fields['contact.lifecycle'] === 'customer' ? 'out' : 'in'),
        },
      ],
    ]),
    models: [model],
    timezone: 'UTC',
    inputs: {
      hash: 'inputs',
      configHash: 'config',
      lacking: [],
      unobserved: new Map(),
      unreadable: new Map([['hubspot/vanished', ['contact.lifecycle']]]),
      siteActivityTypes: new Set<string>(),
      addTitleFields: addShippedTitleFields,
      policy: { ...PEOPLE, activities: { webinar: 'salesforce' } },
      names: NAMES,
    },
    thresholds: new Map(),
    earlierModels: knownModels,
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
    priority: PRIORITY.change,
    wasInScope: true,
    records: [{ ...record, synced_result_id: null, ...changes }],
    activities: [],
    previous: null,
    isCurrent: true,
  };
}

test('a lead that cannot be scored returns its failure, and the others of its chunk are scored', () => {
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

test('an edit of our fields by another user is overwritten, or with `respect` stays until the user empties the field', () => {
  const [fresh] = score(lead(1, { 'contact.job_title': 'VP Sales' }));
  const ours = fresh?.records[0];
  if (ours?.kind !== 'write') throw new Error('The first result is to be written.');
  const edited = (status: string | null) =>
    lead(
      1,
      { 'contact.job_title': 'VP Sales' },
      { last_written_values: ours.patch, crm_values: { ...ours.patch, status } },
    );
  const respectPolicy = { ...CRM, editPolicy: 'respect' as const };
  const decisions = (crm: typeof CRM, status: string | null) =>
    scoreWith(crm, edited(status)).flatMap(({ records }) => records.map(({ kind }) => kind));
  expect(decisions(CRM, 'hand-made')).toEqual(['write']);
  expect(decisions(respectPolicy, 'hand-made')).toEqual(['respected']);
  expect(decisions(respectPolicy, null)).toEqual(['write']);
  expect(decisions(respectPolicy, String(ours.patch.status))).toEqual(['in_sync']);
  const customer = { ...respectPolicy, scopeOf: () => 'out' as const };
  expect(decisions(customer, 'hand-made')).toEqual(['respected']);
  expect(decisions(customer, null)).toEqual(['write']);
});

test('after the loss of the database, values that the CRM already holds are not written again', () => {
  const [fresh] = score(lead(1, { 'contact.job_title': 'VP Sales' }));
  const written = fresh?.records[0];
  if (written?.kind !== 'write') throw new Error('The first result is to be written.');
  const [rescored] = score(lead(1, { 'contact.job_title': 'VP Sales' }, { crm_values: written.patch }));
  expect(rescored?.records).toMatchObject([{ kind: 'in_sync' }]);
  const [edited] = score(
    lead(1, { 'contact.job_title': 'VP Sales' }, { crm_values: { ...written.patch, status: 'hot' } }),
  );
  expect(edited?.records).toMatchObject([{ kind: 'write', patch: { status: written.patch.status } }]);
});

test('a score that differs from the CRM by less than min_change is not written, another grade or status is', () => {
  const [fresh] = score(lead(1, { 'contact.job_title': 'VP Sales' }));
  const ours = fresh?.records[0];
  if (ours?.kind !== 'write') throw new Error('The first result is to be written.');
  const { total_score: total, explanation, fit_grade: grade } = ours.patch;
  const inCrm = (points: number, changes: object = {}) => {
    const shown = String(explanation).replaceAll('+30', `+${30 - points}`);
    const values = { ...ours.patch, total_score: Number(total) - points, explanation: shown, ...changes };
    return lead(1, { 'contact.job_title': 'VP Sales' }, { last_written_values: values, crm_values: values });
  };
  const decision = (minChange: number, due: DueLead) => scoreWith({ ...CRM, minChange }, due)[0]?.records[0]?.kind;
  expect(decision(5, inCrm(0))).toBe('in_sync');
  expect(decision(5, inCrm(4))).toBe('below_min_change');
  expect(decision(5, inCrm(5))).toBe('write');
  expect(decision(1, inCrm(1))).toBe('write');
  expect(decision(5, inCrm(1, { fit_grade: grade === 'A' ? 'B' : 'A' }))).toBe('write');
  expect(decision(5, inCrm(1, { status: 'another' }))).toBe('write');
  // Changed in the CRM by another user: not what we last wrote.
  const edited = inCrm(1);
  const records = edited.records.map((record) => ({
    ...record,
    crm_values: { ...record.crm_values, total_score: 99 },
  }));
  expect(decision(5, { ...edited, records })).toBe('write');
});

test('a record that holds the previous result is written if a score changed enough, and else needs the values of its CRM', () => {
  const fields = { 'contact.job_title': 'VP Sales' };
  const [first] = score(lead(1, fields));
  if (!first?.result) throw new Error('The first score has a result.');
  const { status, grade, fit_score, behavior_score, contributions } = first.result;
  const scores = { status, grade, fit_score, behavior_score, contributions };
  const previous = { id: 9, model_hash: 'hash', thresholds: null, ...scores };
  const decide = (minChange: number, changes: Partial<typeof previous>, crm: Partial<MappedCrm> = {}) => {
    const due = lead(1, fields, { synced_result_id: 9, crm_values: null });
    const [scored] = scoreWith({ ...CRM, minChange, ...crm }, { ...due, previous: { ...previous, ...changes } });
    return scored?.needsCrmValues === true ? 'needs values' : (scored?.records[0]?.kind ?? 'none');
  };
  expect(decide(1, {})).toBe('none');
  expect(decide(1, { fit_score: fit_score - 1 })).toBe('write');
  expect(decide(5, { fit_score: fit_score - 4 })).toBe('needs values');
  expect(decide(5, { fit_score: fit_score - 5 })).toBe('write');
  expect(decide(5, { grade: grade === 'A' ? 'B' : 'A' })).toBe('write');
  expect(decide(5, { status: 'another' })).toBe('write');
  // Only a line of the explanation differs.
  expect(decide(1, { contributions: [] })).toBe('needs values');
  // The field whose value differs is not written.
  expect(decide(1, { fit_score: fit_score - 9 }, { writes: ['status', 'explanation'] })).toBe('needs values');
});

test('a record that holds the current result is written once more when the written fields changed since, and only then', () => {
  const fields = { 'contact.job_title': 'VP Sales' };
  const [first] = score(lead(1, fields));
  const written = first?.records[0];
  if (!first?.result || written?.kind !== 'write') throw new Error('The first result is to be written.');
  const { status, grade, fit_score, behavior_score, contributions } = first.result;
  const scores = { status, grade, fit_score, behavior_score, contributions };
  const previous = { id: 9, model_hash: 'hash', thresholds: null, ...scores };
  const { explanation, ...without } = written.patch;
  const due = { ...lead(1, fields, { synced_result_id: 9, crm_values: without }), previous };
  expect(score({ ...due, isCurrent: true })[0]?.records).toEqual([]);
  const [again] = score({ ...due, isCurrent: false });
  expect(again).toMatchObject({ result: null, records: [{ kind: 'write', patch: { explanation } }] });
  const holdsAll = lead(1, fields, { synced_result_id: 9, crm_values: written.patch });
  expect(score({ ...holdsAll, previous, isCurrent: false })[0]?.records).toMatchObject([{ kind: 'in_sync' }]);
});

test('a lead that enters a better band rises, also with its first score, and one that keeps its band does not', () => {
  const due = lead(1, { 'contact.job_title': 'VP Sales' });
  const bands = activeModel().compiled.status.bands.map(({ id }) => id);
  const [first] = score(due);
  if (!first?.result) throw new Error('The first score has a result.');
  const { status, ...visible } = first.result;
  const previous = (before: string) => ({ ...due, previous: { ...visible, id: 1, status: before } });
  expect(first.rises).toBe(status !== bands.at(-1));
  expect(score(previous(status))[0]?.rises).toBe(false);
  expect(score(previous(bands[0] ?? ''))[0]?.rises).toBe(false);
  const student = lead(2, { 'contact.job_title': 'Student' });
  expect(score(student)[0]).toMatchObject({ rises: false, result: { status: bands.at(-1) } });
});

/**
 * One person in both CRMs: the title and a webinar from Salesforce, the country and page views from
 * HubSpot.
 */
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
      isFromSite: false,
    };
  };
  return {
    ...lead(1, {}),
    records: [...records, { crm: 'salesforce', object: 'Contact', id: '003', fields, ...rest }],
    activities: [
      view('view:1', 19),
      view('view:2', 20),
      {
        crm: 'salesforce',
        id: 'view:1',
        type: 'webinar',
        at: Date.UTC(2026, 10, 21),
        attributes: {},
        isFromSite: false,
      },
    ],
  };
}

test('a person in two CRMs has one score, and each reason names its CRM', () => {
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

test('the reasons of a person in one CRM name no CRM', () => {
  const [scored] = score(lead(1, { 'contact.job_title': 'VP Sales' }));
  const [record] = scored?.records ?? [];
  expect(record?.kind === 'write' ? record.patch.explanation : '').toContain('+30 Executive (Job title)\n');
});

test('a customer in one of two CRMs is not scored, and records of a CRM that is not configured do not count', () => {
  const [customer] = score(inBoth({ 'contact.lifecycle': 'customer' }));
  expect(customer).toMatchObject({ unscored: true, result: null });
  const other = inBoth();
  const unknown = { ...other, records: other.records.map((record) => ({ ...record, crm: `${record.crm}-old` })) };
  expect(score(unknown)[0]).toMatchObject({ unscored: false, records: [] });
});

test('a result is new if its points or labels changed, by the data or by the model, and not because the model has another hash', () => {
  const executive = lead(1, { 'contact.job_title': 'VP Sales' });
  const [first] = score(executive);
  if (!first?.result) throw new Error('The first result is new.');
  const { grade, fit_score, behavior_score, status, contributions } = first.result;
  expect(contributions).toEqual([['title', 30, 30]]);
  const isNew = (changes: Partial<NonNullable<DueLead['previous']>>, due = executive) => {
    const scores = { grade, fit_score, behavior_score, status, contributions };
    const previous = { id: 7, model_hash: 'hash', thresholds: null, ...scores, ...changes };
    return score({ ...due, previous })[0]?.result !== null;
  };
  expect(isNew({})).toBe(false);
  expect(isNew({ model_hash: 'same' })).toBe(false);
  expect(isNew({ model_hash: 'before' })).toBe(true);
  expect(isNew({ model_hash: 'unknown' })).toBe(true);
  expect(isNew({ contributions: [['title', 29, 29]] })).toBe(true);
  expect(isNew({ contributions: [['title', 30, 30, 1]] })).toBe(true);
  expect(isNew({ contributions: [['title', 30, 30, 'Executive']] })).toBe(false);
  expect(isNew({}, lead(1, { 'contact.job_title': 'Sales Manager' }))).toBe(true);
});

describe('while the field of a condition on leads cannot be read', () => {
  const vanished = (fields: Record<string, string>, changes: Partial<DueLead>): DueLead => ({
    ...lead(1, fields, { object: 'vanished' }),
    ...changes,
  });
  const previous = {
    ...{ id: 1, model_hash: 'hash', grade: 'A' as const, fit_score: 1, behavior_score: 0, status: 'mql' },
    ...{ contributions: [], thresholds: null },
  };
  const unscoredOf = (scored: ReturnType<typeof score>) => scored.map(({ unscored }) => unscored);

  test('a lead in the scope of the mapping stays in, one outside stays out, and a new one is scored', () => {
    const scope: MappedCrm['scopeOf'] = (fields) => (fields['contact.lifecycle'] === UNREADABLE ? 'undecided' : 'in');
    const of = (wasInScope: boolean) => vanished({ 'contact.lifecycle': 'customer' }, { wasInScope });
    expect(unscoredOf(scoreWith({ ...CRM, scopeOf: scope }, of(true), of(false)))).toEqual([false, true]);
  });

  test('a model goes on to score the leads of its where, and no others', () => {
    const where = toModelWhere({ field: 'contact.lifecycle', is: 'lead' });
    const model = { ...onlyModel(activeModel()), where };
    const fields = { 'contact.lifecycle': 'lead' };
    const scored = scoreBy(
      model,
      CRM,
      vanished(fields, { previous }),
      vanished(fields, { previous: null }),
      lead(2, fields),
    );
    expect(unscoredOf(scored)).toEqual([false, true, false]);
  });
});
