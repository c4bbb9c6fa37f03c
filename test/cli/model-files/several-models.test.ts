// A MODEL_FILE that lists several models: what the commands load, and what `validate` says.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { loadModels } from '../../../cli/product/files/load-models.ts';
import { sharedProperties, withModelFields } from '../../../src/mapping/write-back.ts';
import { modelDifferences } from '../../../src/review/plan/model-differences.ts';
import { yamlValue } from '../../../src/yaml/yaml-value.ts';
import { writeModels } from '../../support/models.ts';
import { testFolder } from '../../support/test-folder.ts';
import { leadgradeHere } from '../run-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await testFolder();
});

/** Lists these entries beside the model a.yaml. */
function list(entries: string): string {
  writeModels(folder, [{ name: 'a' }]);
  const file = join(folder, 'models.yaml');
  writeFileSync(file, `models: ${entries}\n`);
  return file;
}

test('one model file is one model without a name in its fields', async () => {
  expect(await loadModels('mappings/model.yaml')).toMatchObject([{ key: null, role: 'live', where: null }]);
});

test('of a list, the first live model has no name in its fields, and each model its role and its where', async () => {
  const file = writeModels(folder, [
    { name: 'next', role: 'shadow' },
    { name: 'main', where: '{ field: contact.lifecycle, is: lead }' },
  ]);
  const models = await loadModels(file);
  expect(models.map(({ key, name, role }) => [key, name, role])).toEqual([
    [null, 'main', 'live'],
    ['next', 'next', 'shadow'],
  ]);
  expect(models[0]?.where?.membership({ 'contact.lifecycle': 'lead' })).toBe('in');
  expect(models[0]?.where?.membership({})).toBe('out');
});

test.each([
  [
    'a file that does not exist',
    '[{ name: a, file: a.yaml }, { name: b, file: b.yaml }]',
    /b\.yaml: the file does not exist/,
  ],
  [
    'two entries with one model',
    '[{ name: a, file: a.yaml }, { name: b, file: ./a.yaml }]',
    /models\[1\]\.file: the model is the same as that of a/,
  ],
  ['an entry without a file', '[{ name: a }]', /models\.yaml:1.*models\[0\]/],
])('%s is an error that names file and path', async (_, entries, message) => {
  await expect(loadModels(list(entries))).rejects.toThrow(message);
});

test('an invalid model of a list is an error that names its file', async () => {
  const file = list('[{ name: a, file: a.yaml }, { name: b, file: b.yaml }]');
  writeFileSync(join(folder, 'b.yaml'), 'name: b\nversion: "1"\n');
  await expect(loadModels(file)).rejects.toThrow(/b\.yaml.*status/);
});

test('the properties that two live models write are found, whatever their case', () => {
  const mapping = { write_back: { status: 'leadgrade_status', models: { b: { status: 'Leadgrade_Status' } } } };
  expect(sharedProperties(withModelFields(mapping, ['b'], (model, field) => `${model}_${field}`))).toEqual([
    { path: ['write_back', 'models', 'b', 'status'], property: 'Leadgrade_Status', other: 'status' },
  ]);
});

test.each(['demo', 'new-business-and-expansion', 'two-products'])(
  'the example %s is valid with every model in it',
  async (name) => {
    const { stdout } = await leadgradeHere(['validate', `mappings/examples/${name}/models.yaml`]);
    expect(stdout).toContain(': valid.');
    expect(stdout).not.toMatch(/^(error|warning):/m);
  },
);

test('validate warns that leads.where of a mapping leaves out all leads of a model', async () => {
  const { stdout } = await leadgradeHere([
    'validate',
    'mappings/examples/new-business-and-expansion/models.yaml',
    'mappings/hubspot.yaml',
  ]);
  expect(stdout).toContain(
    'the model expansion scores no lead of mappings/hubspot.yaml: its leads.where excludes them',
  );
});

test("the draft of the demo's list is the shipped model but for the half-life and the points of pricing", async () => {
  const parsed = (file: string) => yamlValue(readFileSync(file, 'utf8'));
  const differences = modelDifferences(parsed('mappings/model.yaml'), parsed('mappings/examples/demo/next.yaml'));
  expect(differences).toEqual([
    'behavior: half_life 30d → 20d',
    'pricing_page: tiers [{ count: 1, points: 15 }, { count: 3, points: 30 }] → [{ count: 1, points: 20 }, { count: 3, points: 40 }]',
  ]);
});

test.each([
  ['contact.title_department, which is made from the job title, is given', 'contact.title_department', 0],
  ['a field without a mapping is named', 'contact.budget', 1],
])('in the where of a model %s', async (_, field, warnings) => {
  const file = writeModels(folder, [{ name: 'a' }, { name: 'b', where: `{ field: ${field}, is: finance }` }]);
  const { stdout } = await leadgradeHere(['validate', file, 'mappings/hubspot.yaml']);
  expect(stdout.split(`no mapping gives ${field}`).length - 1).toBe(warnings);
});
