// Bands with a capacity (`capacity: 1 per week`): their thresholds follow the arrivals of the last weeks.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { thresholdHistory, thresholdsAsOf, thresholdsOf } from '../../../src/store/leads/band-thresholds.ts';
import { leadgradeHere } from '../../cli/run-command.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { hotLeads, rankedLeads, rankModel, setRank, upTo } from '../../support/ranked-leads.ts';
import { testFolder } from '../../support/test-folder.ts';

const DAY = 86_400_000;
const modelText = (hot: string, changes: Partial<Parameters<typeof rankModel>[1]> = {}) =>
  rankModel(hot, { name: 'capacity', ...changes });

test('the floor applies for two weeks, then the points at which as many leads arrive as wanted; no lead moves because of them alone', async () => {
  const folder = await testFolder();
  const file = join(folder, 'model.yaml');
  await writeFile(file, modelText('{ capacity: 1 per week, floor: 5 }'));
  const product = await openTestProduct({ dataset: rankedLeads(upTo(20)), settings: { MODEL_FILE: file } });
  const { db } = product.context;
  const { hash } = product.context.model;
  const threshold = async () => (await thresholdsOf(db, hash))[0];
  const hot = () => hotLeads(product);

  expect((await product.backfill()).state).toBe('done');
  const byFloor = await hot();
  expect(byFloor).toHaveLength(16);
  expect(await threshold()).toMatchObject({ points: 5, per_week: null });
  const doctor = await leadgradeHere(['doctor'], { env: product.env });
  expect(doctor.stdout).toContain(
    'capacity of hot: hot: from 5 points, its floor. Its capacity of 1 lead a week counts from 24 Mar 2026 on, with two weeks of results.',
  );

  const changes: Readonly<Record<number, readonly (readonly [string, number])[]>> = {
    3: [['p0', 40]],
    6: [['p1', 50]],
    9: [['p1', 4]],
    12: [['p2', 45]],
  };
  for (let day = 1; day <= 15; day++) {
    for (const [key, rank] of changes[day] ?? []) await setRank(product, key, rank);
    if (changes[day] !== undefined) await product.sync();
    await product.nightly();
  }
  // p1 and p2 arrived at 45 points, p0 at 40 as well: three in two weeks.
  expect(await threshold()).toMatchObject({ points: 45, leads: 2 });
  expect((await thresholdHistory(db, hash)).map(({ points }) => points)).toEqual([45, 5]);
  const first = (await thresholdHistory(db, hash)).at(-1)?.since ?? new Date(0);
  expect(await thresholdsAsOf(db, hash, first)).toEqual({ hot: 5 });
  expect(await hot()).toEqual([...byFloor, 'p0', 'p2'].toSorted());

  await setRank(product, 'p19', 19);
  await setRank(product, 'p18', 20);
  await setRank(product, 'p3', 44);
  await setRank(product, 'p1', 46);
  await product.sync();
  const after = await hot();
  expect(after).not.toContain('p19');
  expect(after).toContain('p18');
  expect(after).not.toContain('p3');
  expect(after).toContain('p1');
  const explained = await leadgradeHere(['explain', `hubspot:${product.idOf('p18')}`], { env: product.env });
  expect(explained.stdout).toMatch(/hot: from 45 points since .* 2026: 1 lead a week arrived, its capacity is 1\./);
  expect(explained.stdout).toContain('For this lead from 5 points, until its points fall.');
  const causes = await db.selectFrom('results').select('cause').where('cause', '=', 'threshold').execute();
  expect(causes).toEqual([]);

  const draft = join(folder, 'draft.yaml');
  await writeFile(draft, modelText('{ capacity: 5 per week, floor: 2 }'));
  const plan = await leadgradeHere(['plan', '--model', draft], { env: product.env });
  expect(plan.stdout).toContain('\nCAPACITY\n  hot: from ');
  expect(plan.stdout).toMatch(/leads? a week would have reached it in the last 4 weeks; its capacity is 5\./);
  await writeFile(file, modelText('{ capacity: 5 per week, floor: 2 }'));
  await product.apply();
  await product.restart();
  await product.poll();
  const [replaced] = await thresholdsOf(product.context.db, product.context.model.hash);
  expect(replaced?.per_week).not.toBeNull();
  expect(plan.stdout).toContain(`hot: from ${replaced?.points} points`);
});

describe('after two weeks in use', () => {
  let file: string;
  let product: TestProduct;
  const stored = async () => (await thresholdsOf(product.context.db, product.context.model.hash))[0];
  const apply = async (text: string) => {
    await writeFile(file, text);
    await product.apply();
    await product.restart();
    await product.poll();
  };
  const FIRST = modelText('{ capacity: 1 per week, floor: 5 }');

  /** Leads p0 ... p19 of the ranks 1 to 20, which came 10 days before the first backfill. */
  beforeEach(async () => {
    file = join(await testFolder(), 'model.yaml');
    await writeFile(file, FIRST);
    const dataset = rankedLeads(upTo(20), { createdAt: Date.parse('2026-02-28T00:00:00Z') });
    product = await openTestProduct({ dataset, settings: { MODEL_FILE: file } });
    await product.backfill();
    product.advanceClock(15 * DAY);
    await product.nightly();
    expect(await stored()).toMatchObject({ points: 5 });
  });

  test('an edit of the model moves only leads whose points it changes, or that are below a new floor', async () => {
    const before = await hotLeads(product);
    expect(before).toHaveLength(16);
    await apply(modelText('{ capacity: 1 per week, floor: 5 }', { more: '# Nothing that matters.' }));
    // From the stored activities, it would have had four arrivals in four weeks from 17 points on.
    expect(await stored()).toMatchObject({ points: 17, leads: 4 });
    expect(await hotLeads(product)).toEqual(before);

    await apply(modelText('{ capacity: 1 per week, floor: 5 }', { pointsOf: (rank) => (rank === 10 ? 9 : rank) }));
    expect(await hotLeads(product)).toEqual(before.filter((key) => key !== 'p9'));

    await apply(modelText('{ capacity: 1 per week, floor: 8 }', { pointsOf: (rank) => (rank === 10 ? 9 : rank) }));
    expect(await hotLeads(product)).toEqual(before.filter((key) => !['p4', 'p5', 'p6', 'p9'].includes(key)));

    // A lead that is held by less than the threshold leaves with its first fall, and comes in again at the threshold.
    await setRank(product, 'p15', 15);
    await product.sync();
    expect(await hotLeads(product)).not.toContain('p15');
    await setRank(product, 'p15', 16);
    await product.sync();
    expect(await hotLeads(product)).not.toContain('p15');
    await setRank(product, 'p15', 17);
    await product.sync();
    expect(await hotLeads(product)).toContain('p15');
  });

  test('after a rollback the threshold is what this model would have had, and arrivals at the points of the other model do not count', async () => {
    const { hash } = product.context.model;
    const ofFirst = await thresholdHistory(product.context.db, hash);
    await apply(modelText('{ capacity: 1 per week, floor: 5 }', { pointsOf: (rank) => rank + 40 }));
    expect(await stored()).toMatchObject({ points: 57 });
    await setRank(product, 'p0', 50);
    await product.sync();
    await apply(FIRST);
    expect(product.context.model.hash).toBe(hash);
    // p0 arrived at up to 50 points, as this model would have seen it: the fourth one at 18 points.
    expect(await stored()).toMatchObject({ points: 18, leads: 4 });
    const rolledBack = await stored();
    await product.nightly();
    expect(await stored()).toMatchObject({ points: rolledBack?.points, first: rolledBack?.first });
    const history = await thresholdHistory(product.context.db, hash);
    expect(history.length).toBe(ofFirst.length + 1);
    expect(rolledBack?.first).toEqual(history[0]?.since);
  });
});
