// The model file is edited during a backfill: leads are scored with the applied model until the file is applied, also
// after a restart. A running service follows an applied model without a restart.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { leads } from '../../support/leads.ts';
import { openTestProduct } from '../../support/product.ts';
import { testFolder } from '../../support/test-folder.ts';

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

test('a model file that is edited changes no score at the next start either, and all of them when it is applied', async () => {
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
  // Later scorings use the same model too.
  await product.control('PATCH', `contacts/${product.idOf('p0')}`, { properties: { jobtitle: 'Sales Manager' } });
  await product.sync();
  expect([await hashes(before), await hashes(after)]).toEqual([121, 0]);
  await product.control('PATCH', `contacts/${product.idOf('p0')}`, { properties: { jobtitle: 'VP Sales' } });
  await product.sync();
  expect(await fits()).toEqual(new Set(['100']));

  await product.restart();
  await product.poll();
  expect([await hashes(before), await hashes(after)]).toEqual([122, 0]);

  await product.apply();
  await product.runUntilIdle();
  expect([await hashes(before), await hashes(after)]).toEqual([122, 120]);
  // The title is worth one point less in the new model.
  expect(await fits()).toEqual(new Set(['99']));
});
