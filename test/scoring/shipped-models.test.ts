// The models and examples that come with the product: they are valid, and mean what their comments say.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readMapping } from '../../src/mapping/mapping.ts';
import { compileModel } from '../../src/scoring/compile.ts';
import { readModel } from '../../src/scoring/model.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { did, leadOf, modelOf, NOW } from './build.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test.each(['mappings/model.yaml', 'mappings/presets/scale-200.yaml'])('%s is valid, without a warning', (file) => {
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

test('every model in the guide is valid', () => {
  const examples = [...read('docs/model-guide.md').matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? '');
  expect(examples.length).toBeGreaterThanOrEqual(3);
  for (const example of examples) expect(readModel(example, 'docs/model-guide.md').problems).toEqual([]);
});

test.each(['mappings/model.yaml', 'mappings/presets/scale-200.yaml'])(
  '%s names industries as the mapping does',
  (file) => {
    const { mapping } = readMapping(read('mappings/hubspot.yaml'), 'hubspot.yaml');
    const known = Object.values(mapping?.tables?.industry ?? {});
    const named = readModel(read(file), file).model?.fit?.criteria.find(({ id }) => id === 'industry');
    const industries = named?.cases.flatMap(({ when }) => when.one_of ?? []) ?? [];
    expect(industries.length).toBeGreaterThan(0);
    expect(industries.filter((industry) => !known.includes(industry))).toEqual([]);
  },
);

const PERFECT = {
  'contact.job_title': 'VP Sales',
  'company.employees': 200,
  'company.industry': 'Software',
  'company.country': 'US',
  'company.technologies': ['HubSpot', 'Slack'],
};
const BUSY = [
  did('form_submission', 0, { form: 'Demo request' }),
  did('trial_started', 0),
  did('page_view', 0, { path: '/pricing' }),
  did('page_view', 0, { path: '/pricing/plans' }),
  did('page_view', 0, { path: '/pricing' }),
];

test('a perfect fit without activity is an A, and neither hot nor an MQL', () => {
  const result = scoreLead(leadOf({ fields: PERFECT }), modelOf(read('mappings/model.yaml')), NOW);
  expect(result).toMatchObject({ grade: 'A', fit: { score: 100 }, status: 'engaged' });
});

test('a student with a behavior of 100 or more is at best a D, and neither hot nor an MQL', () => {
  const fields = { ...PERFECT, 'contact.job_title': 'Student' };
  const result = scoreLead(leadOf({ fields, activities: BUSY }), modelOf(read('mappings/model.yaml')), NOW);
  expect(result.behavior.score).toBeGreaterThanOrEqual(100);
  expect(result).toMatchObject({ grade: 'D', status: 'engaged' });
});

test('a VP who viewed pricing twice last week and asked for a demo is hot', () => {
  const activities = [
    did('page_view', 5, { path: '/pricing' }),
    did('page_view', 6, { path: '/pricing' }),
    did('form_submission', 5, { form: 'Demo request' }),
  ];
  const result = scoreLead(leadOf({ fields: PERFECT, activities }), modelOf(read('mappings/model.yaml')), NOW);
  expect(result).toMatchObject({ grade: 'A', status: 'hot' });
});

test('on the scale of 200, MQL is from 80 and SQL from 120', () => {
  const { model } = readModel(read('mappings/presets/scale-200.yaml'), 'scale-200.yaml');
  const status = model ? compileModel(model).status : null;
  expect(status?.bands.slice(0, 2).map((band) => [band.id, band.points])).toEqual([
    ['sql', 120],
    ['mql', 80],
  ]);
});

test.each([10, 49, 50, 999, 1000, 9.5, 0])('a company of %d people matches exactly one size', (employees) => {
  const { fit } = modelOf(read('mappings/model.yaml'));
  const size = fit.criteria.find((criterion) => criterion.id === 'company_size');
  const matched = size?.cases.filter((each) => each.test({ 'company.employees': employees }) === 'matched');
  expect(matched).toHaveLength(1);
});
