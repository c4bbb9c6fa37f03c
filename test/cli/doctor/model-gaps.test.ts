import { expect, test } from 'vitest';
import { modelGapFindings } from '../../../cli/doctor/model-gaps.ts';
import { compileModel } from '../../../src/scoring/compile/compile.ts';
import { readModel } from '../../../src/scoring/schemas/model.ts';

const { model } = readModel(
  `name: m
version: "1"
fit:
  criteria:
    - { id: title, field: contact.job_title, cases: [ { when: { has_word: [ceo] }, points: 30 } ] }
    - { id: country, field: company.country, cases: [ { when: { is: DE }, points: 10 } ] }
status: { bands: [ { id: all } ] }
`,
  'model.yaml',
);

test('doctor warns of a field that the model asks and no mapping gives, with its share of the fit points', () => {
  if (model === null) throw new Error('not valid');
  expect(modelGapFindings(compileModel(model), new Set(['contact.job_title', 'contact.country']))).toEqual([
    {
      part: 'leadgrade',
      what: 'mapping',
      level: 'warning',
      detail:
        'the model asks for company.country, which no mapping gives: unknown for every lead, with 25 % of the fit points',
      fix: 'Add a line for each under "fields", for example company.country: { from: object.property }.',
    },
  ]);
  expect(modelGapFindings(compileModel(model), new Set(['contact.job_title', 'company.country']))).toEqual([]);
});
