// `leadgrade apply` and `models rollback` where several models score side by side.
import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lastApplied } from '../../../src/store/models/applied.ts';
import { leads } from '../../support/leads.ts';
import { writeModels } from '../../support/models.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { testFolder } from '../../support/test-folder.ts';
import { leadgradeHere } from '../run-command.ts';

let product: TestProduct;
let folder = '';
let list = '';
beforeAll(async () => {
  folder = await testFolder();
  list = writeModels(folder, [{ name: 'everyone' }]);
  product = await openTestProduct({ dataset: leads(6), settings: { MODEL_FILE: list } });
  await product.backfill();
});
afterAll(async () => {
  await product.close();
  rmSync(folder, { recursive: true, force: true });
});

const leadgrade = (...args: readonly string[]) => leadgradeHere(args, { env: product.env });
const applied = async () =>
  (await lastApplied(product.context.db))?.models.map(({ label, role }) => `${label} ${role}`);

test('a shadow model is applied beside the first one, promoted, and taken back, and the first model is in use throughout', async () => {
  writeModels(folder, [
    { name: 'everyone' },
    { name: 'next', role: 'shadow', replace: [['version: "2026', 'version: "2027']] },
  ]);
  const beside = await leadgrade('apply', '--yes');
  expect(beside.stdout).toContain('  next: a new model (shadow)\n');
  expect(beside.stdout).not.toContain('The fields of');
  expect(await applied()).toEqual(['everyone live', 'next shadow']);

  const promoted = await leadgrade('apply', '--promote', 'next', '--yes');
  expect(promoted.stdout).toContain('  next: role: shadow → live\n');
  expect(promoted.stdout).toContain('The fields of next are new: run npx leadgrade setup');
  expect(promoted.stderr).toContain(`Write role: live for next in ${list}`);
  expect(await applied()).toEqual(['everyone live', 'next live']);

  const listed = await leadgrade('models', 'list');
  expect(listed.stdout).toContain('(next, live)');
  const hash = listed.stdout.slice(0, 8);
  const back = await leadgrade('models', 'rollback', hash, '--yes');
  expect(back.stdout).toContain('  next: role: live → shadow\n');
  expect(await applied()).toEqual(['everyone live', 'next shadow']);
});

test('a name that no shadow model has is refused with those that there are, and nothing is applied', async () => {
  writeFileSync(
    list,
    'models: [ { name: everyone, file: everyone.yaml }, { name: next, file: next.yaml, role: shadow } ]\n',
  );
  const before = await applied();
  const refused = await leadgrade('apply', '--promote', 'none', '--yes');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(
    `--promote none: ${list} has no shadow model of that name. Its shadow models: next.`,
  );
  const live = await leadgrade('apply', '--promote', 'everyone', '--yes');
  expect(live.code).toBe(2);
  expect(live.stderr).toContain(`--promote everyone: ${list} has it with role: live already. npx leadgrade apply`);
  expect(await applied()).toEqual(before);
});

test('a list is not applied when validate refuses a model in it, which is named', async () => {
  writeModels(folder, [
    { name: 'everyone' },
    { name: 'next', role: 'shadow', replace: [['- { id: cold', '- { id: never, at_least: 45 }\n    - { id: cold']] },
  ]);
  const before = await applied();
  const refused = await leadgrade('apply', '--yes');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/next\.yaml:.*never/) });
  expect(refused.stderr).toContain('Nothing was applied.');
  expect(await applied()).toEqual(before);
});
