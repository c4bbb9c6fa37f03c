// The model's file edited while a backfill is under way: what runs goes on with the model that it began with, so that no two leads of a
// run are scored by different ones; the next start takes the new one for everybody.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { leads } from '../../support/leads.ts';
import { openTestProduct } from '../../support/product.ts';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

test("a model that is edited during a backfill is not mixed into it, and is everybody's after the next start", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-edited-'));
  endings.push(() => rm(folder, { recursive: true }));
  const file = join(folder, 'model.yaml');
  const before = await readFile(new URL('../../../mappings/model.yaml', import.meta.url), 'utf8');
  const after = before.replace('points: 30, label: Executive', 'points: 29, label: Executive');
  expect(after).not.toBe(before);
  await writeFile(file, before);
  const product = await openTestProduct({
    dataset: leads(120),
    settings: { MODEL_FILE: file },
    // The first batch was scored and is being sent: from here on the file says something else.
    onUpdate: async (rows, forward) => {
      await writeFile(file, after);
      return forward(rows);
    },
  });
  endings.push(() => product.close());
  const hashes = async (model: string) => {
    const { db } = product.context;
    const results = await db.selectFrom('results').select('model_hash').execute();
    return results.filter(({ model_hash }) => model_hash === hashOf(model)).length;
  };
  const fits = async () => new Set((await product.contacts()).map(({ properties }) => properties.leadgrade_fit_score));

  expect((await product.backfill()).state).toBe('done');
  expect(await readFile(file, 'utf8')).toBe(after);
  // What is scored later in this process is scored by the same model, too.
  await product.control('PATCH', `contacts/${product.idOf('p0')}`, { properties: { jobtitle: 'Sales Manager' } });
  await product.sync();
  expect([await hashes(before), await hashes(after)]).toEqual([121, 0]);
  await product.control('PATCH', `contacts/${product.idOf('p0')}`, { properties: { jobtitle: 'VP Sales' } });
  await product.sync();
  expect(await fits()).toEqual(new Set(['100']));

  await product.restart();
  await product.poll();
  expect([await hashes(before), await hashes(after)]).toEqual([122, 120]);
  // The title is worth a point less in it.
  expect(await fits()).toEqual(new Set(['99']));
});
