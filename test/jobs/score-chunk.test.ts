// A chunk of leads, scored: what one of them cannot spoil for the others, and when a record need not be written.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ActiveModel, MappedCrm } from '../../jobs/context.ts';
import { scoreChunk } from '../../jobs/score-chunk.ts';
import { SCORE_FIELDS } from '../../src/domain/score-fields.ts';
import { compileModel } from '../../src/scoring/compile.ts';
import { readModel } from '../../src/scoring/model.ts';
import type { DueLead } from '../../src/store/due-leads.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z');
const TEXT = readFileSync(new URL('../../mappings/model.yaml', import.meta.url), 'utf8');

function activeModel(): ActiveModel {
  const { model } = readModel(TEXT, 'model.yaml');
  if (model === null) throw new Error('The default model is not valid.');
  return { compiled: compileModel(model), hash: 'hash', text: TEXT };
}

/** A CRM whose mapping cannot judge a lead that is called Bobby. */
const CRM: Pick<MappedCrm, 'inScope' | 'writes' | 'mappingHash' | 'scopeHash'> = {
  inScope: (fields) => {
    if (fields['contact.first_name'] === 'Bobby') throw new RangeError('no scope for this one');
    return true;
  },
  writes: SCORE_FIELDS,
  mappingHash: '',
  scopeHash: '',
};

const PEOPLE = {
  match: { by: [], shared_inboxes: [], most_records: 5 },
  prefer: [],
  prefer_by_field: {},
  activities: {},
};

const connector = { id: 'hubspot', maxTextLength: 65_536 } as MappedCrm['connector'];
const score = (...leads: DueLead[]) =>
  scoreChunk(leads, {
    crms: new Map([['hubspot', { ...CRM, connector }]]),
    model: activeModel(),
    timezone: 'UTC',
    basis: { hash: 'basis', unobserved: new Map(), policy: PEOPLE, names: new Map([['hubspot', 'HubSpot']]) },
    thresholds: {},
    now: NOW,
  });

function lead(id: number, fields: Record<string, string>, changes: Partial<DueLead['records'][number]> = {}): DueLead {
  const record = { crm: 'hubspot', object: 'contacts', id: String(id), fields, held: {}, written: null };
  return {
    id,
    cause: 'changed',
    records: [{ ...record, settled_result_id: null, ...changes }],
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

test('what the CRM holds already after the database was lost is not written again', () => {
  const [fresh] = score(lead(1, { 'contact.job_title': 'VP Sales' }));
  const written = fresh?.records[0];
  if (written?.kind !== 'write') throw new Error('The first result is to be written.');
  const [again] = score(lead(1, { 'contact.job_title': 'VP Sales' }, { held: written.patch }));
  expect(again?.records).toMatchObject([{ kind: 'settled' }]);
  const [edited] = score(lead(1, { 'contact.job_title': 'VP Sales' }, { held: { ...written.patch, status: 'hot' } }));
  expect(edited?.records).toMatchObject([{ kind: 'write', patch: { status: written.patch.status } }]);
});
