// The shipped models are valid and do what their comments say. test/golden contains the complete
// results of some leads; `vitest run test/scoring/shipped-models.test.ts -u` updates them, for
// review as a diff.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { modelGap } from '../../cli/model-files/model-gaps.ts';
import { readMapping } from '../../src/mapping/mapping.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { modelOf } from './build.ts';
import { printed, toGolden } from './golden-results.ts';
import { PRESET_LEADS } from './preset-leads.ts';
import { LEADS as OTHER_LEADS } from './shipped-model-leads.ts';

const LEADS = { ...OTHER_LEADS, ...PRESET_LEADS };
const ROOT = join(import.meta.dirname, '..', '..');
const MODELS = ['mappings/model.yaml', ...globSync('mappings/presets/*.yaml', { cwd: ROOT }).toSorted()];
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

test.each(MODELS)('the shipped model %s is valid, without warnings', (file) => {
  const { model, problems } = readModel(read(file), file);
  expect(problems).toEqual([]);
  expect(model).not.toBeNull();
});

test('the default model has 5 to 15 criteria and 5 to 15 signals', () => {
  const { fit, behavior } = modelOf(read('mappings/model.yaml'));
  for (const { length } of [fit.criteria, behavior.signals]) {
    expect(length).toBeGreaterThanOrEqual(5);
    expect(length).toBeLessThanOrEqual(15);
  }
});

const withFit = MODELS.filter((file) => readModel(read(file), file).model?.fit !== undefined);

test.each(withFit)('the shipped model %s uses only industries of the HubSpot mapping', (file) => {
  const { mapping } = readMapping(read('mappings/hubspot.yaml'), 'hubspot.yaml');
  const known = Object.values(mapping?.tables?.industry ?? {});
  const named = readModel(read(file), file).model?.fit?.criteria.find(({ id }) => id === 'industry');
  const industries = named?.cases.flatMap(({ when }) => when.one_of ?? []) ?? [];
  expect(industries.length).toBeGreaterThan(0);
  expect(industries.filter((industry) => !known.includes(industry))).toEqual([]);
});

test.each(withFit.flatMap((file) => [10, 49, 50, 999, 1000, 9.5, 0].map((people) => [file, people] as const)))(
  'in the model %s, a company of %d people matches exactly one size',
  (file, employees) => {
    const size = modelOf(read(file)).fit.criteria.find((criterion) => criterion.id === 'company_size');
    const matched = size?.cases.filter((each) => each.test({ 'company.employees': employees }) === 'matched');
    expect(matched).toHaveLength(1);
  },
);

test.each(['hubspot', 'salesforce'])(
  'the lines of mappings/%s.yaml that are commented out give every field of BANT and MEDDIC',
  (crm) => {
    const text = read(`mappings/${crm}.yaml`).replaceAll(/^ {2}# (contact\.\w+: \{ from: .*\})$/gm, '  $1');
    const { mapping, problems } = readMapping(text, `${crm}.yaml`);
    expect(problems).toEqual([]);
    const given = new Set(Object.keys(mapping?.fields ?? {}));
    for (const preset of ['bant', 'meddic']) {
      expect(modelGap(modelOf(read(`mappings/presets/${preset}.yaml`)), given)).toBeNull();
    }
  },
);

test('every shipped model has example leads', () => {
  expect(Object.keys(LEADS).toSorted()).toEqual(MODELS.toSorted());
});

describe.each(Object.entries(LEADS))('with the model %s', (file, leads) => {
  const model = modelOf(read(file));

  test.each(leads)('$sentence', ({ lead, context, expected }) => {
    expect(printed(lead, model, context)).toMatchObject(expected);
  });

  test('the results of all example leads equal those in test/golden', async () => {
    const results = leads.map(({ sentence, lead, context }) => ({ sentence, result: printed(lead, model, context) }));
    const name = file.split('/').at(-1) ?? file;
    await expect(toGolden(results)).toMatchFileSnapshot(join(ROOT, 'test/golden', name));
  });
});
