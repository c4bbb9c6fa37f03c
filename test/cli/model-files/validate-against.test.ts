// `leadgrade validate --against`: a model judged by leads of a file, or of the database.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BACKEND } from '../../support/backends.ts';
import { leadgradeHere } from '../run-command.ts';

let folder = '';
const at = (name: string) => join(folder, name);

const MODEL = `name: m
version: "1"
fit:
  criteria:
    - { id: size, field: company.employees, cases: [ { when: { gte: 100 }, points: 50 } ] }
    - { id: need, field: contact.need, cases: [ { when: { present: true }, points: 50 } ] }
status: { basis: fit, bands: [ { id: good, at_least: 50 }, { id: other } ] }
`;
const MAPPING =
  'csv: { id: Id }\nfields: { company.employees: { from: Size, as: number }, contact.need: { from: Need } }\n';
const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => `${index},${index % 2 ? 500 : 5},${index === 0 ? 'reports' : ''}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-against-'));
  await writeFile(at('m.yaml'), MODEL);
  await writeFile(at('csv.yaml'), MAPPING);
  await writeFile(at('leads.csv'), ['Id,Size,Need', ...rows(60)].join('\n'));
  await writeFile(at('few.ndjson'), '{"id":"1","fields":{"company.employees":500}}\n');
});
afterAll(() => rm(folder, { recursive: true }));

const validate = (...args: readonly string[]) => leadgradeHere(['validate', at('m.yaml'), ...args]);
const UNKNOWN =
  'contact.need is unknown for 98 % of 60 leads, and 50 % of the fit points depend on it. Fill it in the CRM, map another property to it, or give the criterion fewer points.';

test('validate --against an export names what its leads say of the model, with the line', async () => {
  const { code, stdout } = await validate(at('csv.yaml'), '--against', at('leads.csv'));
  expect(stdout.split('\n').slice(0, 1)).toEqual([`warning: ${at('m.yaml')}:6:7 fit.criteria[1]: ${UNKNOWN}`]);
  expect(stdout).toContain(`${at('m.yaml')}: judged by 60 leads of ${at('leads.csv')}.\n`);
  expect(code).toBe(0);
});

test('validate --against with --json counts the leads', async () => {
  const { stdout } = await validate(at('csv.yaml'), '--against', at('leads.csv'), '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    valid: true,
    problems: [{ level: 'warning', line: 6, path: 'fit.criteria[1]' }],
    judged: [{ file: at('m.yaml'), leads: 60 }],
  });
});

test('one lead is too few to judge a model', async () => {
  const { stdout } = await validate('--against', at('few.ndjson'));
  expect(stdout).toContain(
    `${at('m.yaml')}: judged by 1 lead of ${at('few.ndjson')}. Too few to judge a model by: at least 50.`,
  );
});

test.each([
  ['a file that does not exist', () => [at('none.csv')], 'cannot be read. Check the path.'],
  ['a folder', () => [folder], 'is a folder. Name a file in it.'],
  ['an export without its mapping', () => [at('leads.csv')], 'needs the mapping of its columns'],
])('validate --against %s ends with exit code 2 and says why', async (_what, file, sentence) => {
  const { code, stderr } = await validate('--against', ...file());
  expect(code).toBe(2);
  expect(stderr).toContain(sentence);
});

test('validate --against an export with two mappings asks which of them fits, and judges by neither', async () => {
  await writeFile(at('other.yaml'), MAPPING);
  const { code, stdout, stderr } = await validate(at('csv.yaml'), at('other.yaml'), '--against', at('leads.csv'));
  expect(stderr).toContain(
    `${at('csv.yaml')} and ${at('other.yaml')} both describe exports. Name the one that fits it.`,
  );
  expect(stdout).not.toContain('judged by');
  expect(code).toBe(2);
});

test('validate --against store reads the leads of the database', async () => {
  const installation = await BACKEND.create();
  const env = { ...installation.env, HUBSPOT_ACCESS_TOKEN: 'token' };
  const { code, stdout } = await leadgradeHere(['validate', at('m.yaml'), '--against', 'store'], { env });
  await installation.destroy();
  expect(stdout).toContain(
    `${at('m.yaml')}: judged by 0 leads of the database. Too few to judge a model by: at least 50.`,
  );
  expect(code).toBe(0);
});

test('a model of a list is judged by the leads that it scores', async () => {
  await writeFile(
    at('models.yaml'),
    'models:\n  - { name: m, file: m.yaml, where: { field: company.employees, gte: 100 } }\n',
  );
  const args = ['validate', at('models.yaml'), at('csv.yaml'), '--against', at('leads.csv')];
  const { stdout } = await leadgradeHere(args);
  expect(stdout).toContain(`${at('m.yaml')}: judged by 30 leads of ${at('leads.csv')}. Too few`);
});
