import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modelGap } from '../../../cli/model-files/model-gaps.ts';
import { compileModel } from '../../../src/scoring/compile/compile.ts';
import { readModel } from '../../../src/scoring/schemas/model.ts';
import { testFolder } from '../../support/test-folder.ts';
import { leadgradeHere } from '../run-command.ts';

const TEXT = `name: m
version: "1"
fit:
  criteria:
    - { id: title, field: contact.job_title, cases: [ { when: { has_word: [ceo] }, points: 30 } ] }
    - { id: country, field: company.country, cases: [ { when: { is: DE }, points: 10 } ] }
status: { bands: [ { id: all } ] }
`;
const { model } = readModel(TEXT, 'model.yaml');

test('a field that the model asks and no mapping gives is named, with its share of the fit points', () => {
  if (model === null) throw new Error('not valid');
  const compiled = compileModel(model);
  expect(modelGap(compiled, new Set(['contact.job_title', 'contact.country']))).toEqual({
    message:
      'the model asks for company.country, which no mapping gives: unknown for every lead, with 25 % of the fit points',
    fix: 'Add a line for each under "fields" of a mapping, for example company.country: { from: object.property }.',
  });
  expect(modelGap(compiled, new Set(['contact.job_title', 'company.country']))).toBeNull();
});

test('a field that only a gate asks is named: without it, the gate holds every lead', () => {
  const bands = 'bands: [ { id: hot, at_least: 20 }, { id: all } ]';
  const gates =
    'gates: [ { id: buyer, label: No buyer, unless: { field: contact.authority, is: true }, max_band: all } ]';
  const { model: gated } = readModel(TEXT.replace('bands: [ { id: all } ]', `${bands}, ${gates}`), 'model.yaml');
  if (gated === null) throw new Error('not valid');
  expect(modelGap(compileModel(gated), new Set(['contact.job_title', 'company.country']))?.message).toBe(
    'the model asks for contact.authority, which no mapping gives: unknown for every lead',
  );
});

test('validate names such a field if it is given the mapping, and does not without a valid mapping', async () => {
  const folder = await testFolder();
  await mkdir(folder, { recursive: true });
  const [file, mapping] = [join(folder, 'model.yaml'), join(folder, 'columns.yaml')];
  await writeFile(file, TEXT);
  const of = async (fields: string) => {
    await writeFile(mapping, `csv: { id: id }\nfields:\n  contact.job_title: { from: title }\n${fields}`);
    const { stdout, code } = await leadgradeHere(['validate', file, mapping]);
    return { code, warning: stdout.split('\n').find((line) => line.includes('no mapping gives')) };
  };
  expect(await of('')).toEqual({
    code: 0,
    warning: `warning: ${file}:4:3 fit: the model asks for company.country, which no mapping gives: unknown for every lead, with 25 % of the fit points. Add a line for each under "fields" of a mapping, for example company.country: { from: object.property }.`,
  });
  expect(await of('  company.country: { value: DE }\n')).toEqual({ code: 0, warning: undefined });
  expect(await of('  company.country: { form: land }\n')).toEqual({ code: 2, warning: undefined });
});
