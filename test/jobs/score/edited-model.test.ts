// The model file is edited during a backfill: the process continues with the model that it was
// started with, so all leads of a run are scored by one model. The next start uses the new model
// for all leads.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { leads } from '../../support/leads.ts';
import { openTestProduct } from '../../support/product.ts';
import { testFolder } from '../../support/test-folder.ts';

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

test('a model that is edited during a backfill does not apply to it, and applies to all leads after the next start', async () => {
  const file = join(await testFolder(), 'model.yaml');
  const before = await readFile(new URL('../../../mappings/model.yaml', import.meta.url), 'utf8');
  const after = before.replace('points: 30, label: Executive', 'points: 29, label: Executive');
  expect(after).not.toBe(before);
  await writeFile(file, before);
  const product = await openTestProduct({
    dataset: leads(120),
    settings: { MODEL_FILE: file },
    // The first batch is scored and being sent: the file changes now.
    onUpdate: async (rows, forward) => {
      await writeFile(file, after);
      return forward(rows);
    },
  });
  const hashes = async (model: string) => {
    const { db } = product.context;
    const results = await db.selectFrom('results').select('model_hash').execute();
    return results.filter(({ model_hash }) => model_hash === hashOf(model)).length;
  };
  const fits = async () => new Set((await product.contacts()).map(({ properties }) => properties.leadgrade_fit_score));

  expect((await product.backfill()).state).toBe('done');
  expect(await readFile(file, 'utf8')).toBe(after);
  // This process uses the same model for later scorings too.
  await product.control('PATCH', `contacts/${product.idOf('p0')}`, { properties: { jobtitle: 'Sales Manager' } });
  await product.sync();
  expect([await hashes(before), await hashes(after)]).toEqual([121, 0]);
  await product.control('PATCH', `contacts/${product.idOf('p0')}`, { properties: { jobtitle: 'VP Sales' } });
  await product.sync();
  expect(await fits()).toEqual(new Set(['100']));

  await product.restart();
  await product.poll();
  expect([await hashes(before), await hashes(after)]).toEqual([122, 120]);
  // The title is worth one point less in the new model.
  expect(await fits()).toEqual(new Set(['99']));
});
