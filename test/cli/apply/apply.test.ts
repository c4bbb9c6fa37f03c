// `leadgrade apply` and `leadgrade models rollback`: leads are scored with a model from the moment at which it is applied.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { scoreLeads } from '../../../jobs/score/score-leads.ts';
import { lastApplied } from '../../../src/store/models/applied.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { leadgradeHere } from '../run-command.ts';

/** Each lead of these tests gets the points of its job title alone. */
const modelText = (points: number, more = '') => `name: titles
version: "${points}"
fit:
  criteria:
    - { id: title, field: contact.job_title, cases: [ { when: { has_word: [sales] }, points: ${points} } ] }
${more}status: { basis: fit, bands: [ { id: hot, at_least: 40 }, { id: cold } ] }
`;

let product: TestProduct;
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-apply-'));
  file = join(folder, 'model.yaml');
  await writeFile(file, modelText(50));
  product = await openTestProduct({ dataset: leads(12), settings: { MODEL_FILE: file } });
  await product.backfill();
});
afterAll(async () => {
  await product.close();
  await rm(folder, { recursive: true });
});
/** Each test begins with a model of 50 points, in the file and applied. */
beforeEach(async () => {
  await writeFile(file, modelText(50));
  await product.apply();
  await product.runUntilIdle();
  expect(await fits()).toEqual(['50']);
});

const leadgrade = (args: readonly string[], input?: string | Readable) =>
  leadgradeHere(args, { env: product.env, ...(input !== undefined && { input }) });
const fits = async () => [
  ...new Set((await product.contacts()).map(({ properties }) => String(properties.leadgrade_fit_score))),
];
const applied = async () => (await lastApplied(product.context.db))?.models[0]?.name;
/** Answers the question of a command at a terminal. */
const terminal = (answer: string) => Object.assign(Readable.from([Buffer.from(`${answer}\n`)]), { isTTY: true });
/** Runs the jobs of the service. */
const scoreAll = async () => {
  await product.context.enqueue('score-leads', {});
  await product.runUntilIdle();
};
async function planFile(): Promise<string> {
  const path = join(folder, 'plan.json');
  await writeFile(path, (await leadgrade(['plan', '--json'])).stdout);
  return path;
}

test('apply shows the plan and asks at a terminal: any answer but yes applies nothing, yes does, and the service follows without a restart', async () => {
  await writeFile(file, modelText(30));
  const refused = await leadgrade(['apply'], terminal('no'));
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Not confirmed. Nothing was applied.') });
  expect(refused.stdout).toContain('title, case { has_word: [sales] }: points 50 → 30');
  expect(await applied()).toBe('titles@50');

  const done = await leadgrade(['apply'], terminal('yes'));
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(
    /Applied titles@30 \([0-9a-f]{8}\) in place of titles@50 \([0-9a-f]{8}\)\. .*all 12 leads.*\nTo go back: npx leadgrade models rollback [0-9a-f]{8}\n$/,
  );
  await scoreAll();
  expect(await fits()).toEqual(['30']);
});

test('apply without a terminal needs --yes, and says so before it plans', async () => {
  await writeFile(file, modelText(30));
  const refused = await leadgrade(['apply'], 'yes\n');
  expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Add --yes') });
  expect(await applied()).toBe('titles@50');
  expect((await leadgrade(['apply', '--yes'])).code).toBe(0);
  expect(await applied()).toBe('titles@30');
});

test('apply of a file that is the applied model changes nothing, so that a pipeline may always run it', async () => {
  const row = await lastApplied(product.context.db);
  expect(await leadgrade(['apply', '--yes'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Nothing to apply: titles@50 /),
  });
  expect(JSON.parse((await leadgrade(['apply', '--yes', '--json'])).stdout)).toEqual({ applied: false });
  expect(await lastApplied(product.context.db)).toEqual(row);
});

test.each([
  ['that lacks its points', modelText(30).replace(', points: 30', ''), /model\.yaml:5/],
  [
    'with a band that no lead can be in',
    modelText(30).replace('{ id: cold', '{ id: mql, at_least: 45 }, { id: cold'),
    /mql/,
  ],
])('a model %s is not applied', async (_, text, message) => {
  await writeFile(file, text);
  const refused = await leadgrade(['apply', '--yes']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  expect(refused.stderr).toContain('Nothing was applied.');
  expect(await applied()).toBe('titles@50');
});

test('a plan that still fits is applied without a question, and its hash is kept', async () => {
  await writeFile(file, modelText(30));
  const path = await planFile();
  const done = await leadgrade(['apply', path, '--by', 'Anna', '--json']);
  const { made_from: hash } = z.object({ made_from: z.string() }).parse(JSON.parse(await readFile(path, 'utf8')));
  expect(JSON.parse(done.stdout)).toMatchObject({
    applied: true,
    model: { before: { name: 'titles@50' }, after: { name: 'titles@30' } },
    plan: hash,
  });
  expect(await lastApplied(product.context.db)).toMatchObject({ plan_hash: hash, applied_by: 'Anna', cause: 'apply' });
});

test('a plan is refused when the model file or the applied model changed since, and when its file was edited', async () => {
  await writeFile(file, modelText(30));
  const path = await planFile();
  await writeFile(file, modelText(31));
  const changed = await leadgrade(['apply', path]);
  expect(changed).toMatchObject({ code: 2, stderr: expect.stringMatching(/model\.yaml was [0-9a-f]{8} and is/) });
  await product.apply();
  await writeFile(file, modelText(30));
  expect(await leadgrade(['apply', path])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /the applied model was [0-9a-f]{8} and is .*\nMake a new one: npx leadgrade plan --json/,
    ),
  });
  await writeFile(path, (await readFile(path, 'utf8')).replace('"timezone":"UTC"', '"timezone":"CET"'));
  expect((await leadgrade(['apply', path])).stderr).toContain('was changed after it was made');
  await writeFile(path, '{}');
  expect((await leadgrade(['apply', path])).stderr).toContain('is not a plan');
  expect((await leadgrade(['apply', join(folder, 'none.json')])).stderr).toContain('does not exist (ENOENT)');
  expect(await applied()).toBe('titles@31');
});

test('rollback gives the leads the scores of a former model again, and says that the file has another one', async () => {
  const first = (await lastApplied(product.context.db))?.models[0]?.hash.slice(0, 8) ?? '';
  await writeFile(file, modelText(30));
  await leadgrade(['apply', '--yes']);
  await scoreAll();
  expect(await fits()).toEqual(['30']);
  const asked = await leadgrade(['models', 'rollback', first]);
  expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('Add --yes') });
  const done = await leadgrade(['models', 'rollback', first, '--yes']);
  expect(done.stdout).toContain('title, case { has_word: [sales] }: points 30 → 50');
  expect(done.stderr).toContain(`npx leadgrade models show ${first} > ${file}`);
  await scoreAll();
  expect(await fits()).toEqual(['50']);
  expect((await leadgrade(['models', 'list'])).stdout.split('\n')[0]).toContain('(rollback), in use');
  expect((await leadgrade(['models', 'rollback', 'titles@7', '--yes'])).stderr).toContain('models list');
});

test('models list, show and diff need neither a CRM nor a model file', async () => {
  const env = { ...product.env, HUBSPOT_ACCESS_TOKEN: '', HUBSPOT_API_URL: '', MODEL_FILE: join(folder, 'none.yaml') };
  const list = await leadgradeHere(['models', 'list'], { env });
  expect(list.code).toBe(0);
  expect((await leadgradeHere(['models', 'show', 'titles@50'], { env })).stdout).toBe(modelText(50));
  expect((await leadgradeHere(['models', 'diff', 'titles@50', 'titles@30'], { env })).stdout).toContain('50 → 30');
});

test('models list shows ten lines of what a version changed, and the command that shows all', async () => {
  for (const points of [1, 2]) {
    const signals = Array.from({ length: 12 }, (_, at) => `    - { id: s${at}, activity: chat, points: ${points} }\n`);
    await writeFile(file, modelText(50, `behavior:\n  signals:\n${signals.join('')}`));
    expect(await leadgrade(['apply', '--yes'])).toMatchObject({ code: 0 });
  }
  const [, ...changes] = (await leadgrade(['models', 'list'])).stdout.split('\n').slice(0, 11);
  expect(changes[0]).toContain('s0: points 1 → 2');
  const [, before, after] = /and 3 more: npx leadgrade models diff (\w{8}) (\w{8})$/.exec(changes.at(-1) ?? '') ?? [];
  const { stdout } = await leadgrade(['models', 'diff', before ?? '', after ?? '']);
  expect(stdout).toContain('s11: points 1 → 2');
});

test('a model with a field that no mapping gives is applied with a warning that names the field, also by rollback', async () => {
  const asked = modelText(
    30,
    '    - { id: size, field: company.rooms, cases: [ { when: { gte: 9 }, points: 30 } ] }\n',
  );
  await writeFile(file, asked);
  const done = await leadgrade(['apply', '--yes']);
  expect(done).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^warning: the model asks for company\.rooms/m),
  });
  const hash = (await lastApplied(product.context.db))?.models[0]?.hash ?? '';
  await writeFile(file, modelText(50));
  await leadgrade(['apply', '--yes']);
  expect((await leadgrade(['models', 'rollback', hash, '--yes'])).stderr).toContain('company.rooms');
});

test('an applied model that this version cannot read stops commands and jobs with the fix, and apply of a valid file ends that', async () => {
  await writeFile(file, modelText(29));
  await leadgrade(['apply', '--yes']);
  const hash = (await lastApplied(product.context.db))?.models[0]?.hash ?? '';
  // As a version of Leadgrade would leave it that has other keys.
  await product.context.db
    .updateTable('models')
    .set({ text: 'name: titles\nmood: 3\n' })
    .where('hash', '=', hash)
    .execute();
  const refused = await leadgrade(['plan']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read by this version') });
  expect(refused.stderr).toContain('run npx leadgrade apply');
  await expect(scoreAll()).rejects.toThrow('cannot be read by this version');
  expect(await fits()).toEqual(['50']);
  await writeFile(file, modelText(31));
  expect((await leadgrade(['apply', '--yes'])).stdout).toContain('there is nothing to compare');
  await scoreAll();
  expect(await fits()).toEqual(['31']);
});

test('doctor says that the model file is not the applied model, what differs, and what to do', async () => {
  await writeFile(file, modelText(30));
  const { stdout } = await leadgrade(['doctor']);
  expect(stdout).toMatch(/warning {2}leadgrade: model: .*model\.yaml is not applied: .*titles@50.*points 50 → 30/);
  expect(stdout).toContain('Fix: Run npx leadgrade plan, then npx leadgrade apply.');
  await writeFile(file, 'name: titles\n');
  expect((await leadgrade(['doctor'])).stdout).toMatch(
    /model\.yaml is not valid, and leads are scored with .*titles@50/,
  );
});

test('a scoring that began with a former model ends without a result when another one is applied', async () => {
  const former = product.context.model;
  await writeFile(file, modelText(30));
  await product.apply();
  // A worker that read the applied model a moment before.
  await scoreLeads({ ...product.context, model: former });
  expect(await fits()).toEqual(['50']);
  const { count } = await product.context.db
    .selectFrom('leads')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('scored_at', '>', (await lastApplied(product.context.db))?.applied_at ?? new Date(0))
    .executeTakeFirstOrThrow();
  expect(count).toBe(0);
  await product.runUntilIdle();
  expect(await fits()).toEqual(['30']);
});
