// What commands keep of a valid model and of the dictionary of job titles: the second command with the
// same files reads no YAML, and prints the same.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testFolder } from '../../support/test-folder.ts';
import { leadgrade } from '../run-command.ts';

const LEAD = `${JSON.stringify({ id: 'a', fields: { 'contact.job_title': 'Head of Sales' } })}\n`;
const AS_OF = ['--as-of', '2026-11-22T00:00:00Z'];

let cache = '';
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'leadgrade-cache-'));
});
afterAll(() => rm(cache, { recursive: true }));

/** `leadgrade score` with a model file of the test's own. The cache holds the model of one test at a time. */
async function environment() {
  const folder = await testFolder();
  const file = join(folder, 'model.yaml');
  const kept = async () => {
    const files = await readdir(cache, { recursive: true });
    return join(cache, files.find((each) => each.endsWith('model.value')) ?? 'none');
  };
  return {
    file,
    kept,
    score: async (model: string) => {
      await writeFile(file, model);
      const args = ['score', '--model', file, ...AS_OF];
      return leadgrade(args, { input: LEAD, env: { NODE_COMPILE_CACHE: cache } });
    },
    change: async (change: (value: Kept) => Kept) => {
      const path = await kept();
      const value: Kept = deserialize(await readFile(path));
      await writeFile(path, serialize(change(value)));
    },
  };
}

interface Kept {
  readonly code: string;
  readonly text: string;
  readonly value: { readonly source: object; readonly warnings: readonly string[] };
}

function modelWithPoints(points: number): string {
  return `# ${expect.getState().currentTestName}
name: kept
version: "1"
fit:
  criteria:
    - id: title
      field: contact.title_level
      cases: [{ when: { is: director }, points: ${points} }]
status: { bands: [{ id: hot, at_least: 50 }, { id: cold }] }
`;
}
const HOT = /^a {2}hot\n {2}60 = /;

test('a model that was read before is scored as at first', async () => {
  const { score, kept } = await environment();
  const first = await score(modelWithPoints(60));
  expect(first).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(HOT) });
  expect(await kept()).not.toMatch(/none$/);
  expect(await score(modelWithPoints(60))).toEqual(first);
});

test('a model that was changed is read again', async () => {
  const { score } = await environment();
  await score(modelWithPoints(60));
  expect((await score(modelWithPoints(10))).stdout).toMatch(/^a {2}cold\n {2}10 = /);
});

test('the warning about rules that never count is printed each time', async () => {
  const { score } = await environment();
  const dead = modelWithPoints(60).replace('is: director', 'gt: 5, lt: 3');
  const first = await score(dead);
  expect(first.stderr).toContain('The model has rules that are surely not meant');
  expect(await score(dead)).toEqual(first);
});

test('a model with a mistake is refused each time', async () => {
  const { score } = await environment();
  await score(modelWithPoints(60));
  const wrong = modelWithPoints(60).replace('points: 60', 'pionts: 60');
  const first = await score(wrong);
  expect(first).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('pionts') });
  expect(await score(wrong)).toEqual(first);
});

const OTHER = { source: {}, warnings: ['of another code'] };

test.each<[string, (value: Kept) => Kept]>([
  ['by other code', (kept) => ({ ...kept, code: `${kept.code} `, value: OTHER })],
  ['from another text', (kept) => ({ ...kept, text: `${kept.text}\n`, value: OTHER })],
])('a model that was kept %s is read again', async (_how, other) => {
  const { score, change } = await environment();
  const first = await score(modelWithPoints(60));
  await change((kept) => ({ ...kept, value: { ...kept.value, warnings: ['kept'] } }));
  expect((await score(modelWithPoints(60))).stderr).toBe('kept\n');
  await change(other);
  expect(await score(modelWithPoints(60))).toEqual(first);
});

test('a kept file that cannot be read is replaced', async () => {
  const { score, kept } = await environment();
  const first = await score(modelWithPoints(60));
  const path = await kept();
  await writeFile(path, 'damaged');
  expect(await score(modelWithPoints(60))).toEqual(first);
  expect(await readFile(path, 'utf8')).not.toBe('damaged');
});
