// `leadgrade import hubspot-score`, and `compare hubspot-score` for those who migrate.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leadgradeHere } from '../run-command.ts';

const SAMPLE = 'test/connectors/hubspot/lead-score/score.json';
let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-import-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('import hubspot-score writes a valid model that begins with what was not imported, and replaces no file', async () => {
  const done = await leadgradeHere(['import', 'hubspot-score', SAMPLE, '--out', at('m.yaml')]);
  expect(done).toMatchObject({ code: 1, stdout: '' });
  expect(done.stderr).toContain('- group "Web", rule 3: the event 4-1553675 has no activity. Write by hand: ');
  const text = await readFile(at('m.yaml'), 'utf8');
  expect(text).toContain('# - group "Web", rule 3: the event 4-1553675 has no activity.');
  expect(text).toContain('        - { when: { contains: [ Manager ] }, points: 10 }\n');
  const validated = await leadgradeHere(['validate', at('m.yaml')]);
  expect(validated.code).toBe(0);
  expect(validated.stdout).toContain('  high: from 70: ');
  const again = await leadgradeHere(['import', 'hubspot-score', SAMPLE, '--out', at('m.yaml')]);
  expect(again).toMatchObject({ code: 2, stderr: `${at('m.yaml')} exists already. Name another file.\n` });
});

test.each([
  ['no JSON', '<html>', 'is not valid JSON. Save the answer of the API unchanged.'],
  [
    'a list of scores',
    '{"results":[]}',
    'is not the configuration of a lead score: name is missing or of another kind.',
  ],
])('import hubspot-score refuses %s with a sentence', async (_what, text, sentence) => {
  await writeFile(at('bad.json'), text);
  const { code, stdout, stderr } = await leadgradeHere(['import', 'hubspot-score', at('bad.json')]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(sentence);
});

const MODEL = `name: m
version: "1"
fit: { criteria: [ { id: s, field: company.employees, cases: [ { when: { gte: 100 }, points: 50 }, { when: { gte: 10 }, points: 20 } ] } ] }
status: { basis: fit, bands: [ { id: good, at_least: 30 }, { id: other } ] }
`;

test('compare hubspot-score prints both scores, the largest differences of rank first, and the agreement', async () => {
  await writeFile(at('model.yaml'), MODEL);
  await writeFile(
    at('columns.yaml'),
    'csv: { id: Id }\nfields: { company.employees: { from: Size, as: number }, contact.hubspot_score: { from: Score, as: number } }\n',
  );
  await writeFile(at('leads.csv'), 'Id,Size,Score\na,500,90\nb,50,80\nc,5,70\nd,500,10\ne,50,\n');
  const args = ['compare', 'hubspot-score', '--against', at('leads.csv'), '--mapping', at('columns.yaml')];
  const { code, stdout } = await leadgradeHere([...args, '--model', at('model.yaml'), '--limit', '2']);
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    '4 leads have both scores. 1 more have no score of HubSpot.',
    'Rank agreement (Spearman): 0.11. 1 = the same order, 0 = none.',
    "Of HubSpot's best tenth, 100 % are in ours.",
    '',
    'LARGEST DIFFERENCES               ours   HubSpot  our rank  its rank',
    'd                                   50        10       1.5         4',
    'b                                   20        80         3         2',
    '',
  ]);
  const missing = await leadgradeHere([...args, '--model', at('model.yaml'), '--field', 'contact.other_score']);
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain('No lead has a number in contact.other_score. Map');
});
