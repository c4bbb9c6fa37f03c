// Bands with a capacity (`capacity: 1 per week`): their thresholds follow the arrivals of the last weeks. The score of a
// lead in these tests is the number in its job title: "Rank 40" is worth 40 points.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { thresholdHistory, thresholdsAsOf, thresholdsOf } from '../../../src/store/leads/band-thresholds.ts';
import { leadgradeHere } from '../../cli/run-command.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct } from '../../support/product.ts';
import { testFolder } from '../../support/test-folder.ts';

const CASES = Array.from({ length: 60 }, (_, at) => `{ when: { is: Rank ${at + 1} }, points: ${at + 1} }`);
const modelText = (hot: string) => `
name: capacity
version: "1"
fit: { criteria: [{ id: rank, field: contact.job_title, cases: [${CASES.join(', ')}] }] }
status: { basis: fit, bands: [{ id: hot, at_least: ${hot} }, { id: cold }] }
`;

test('the floor applies for two weeks, then the points at which as many leads arrive as wanted; no lead moves because of them alone', async () => {
  const folder = await testFolder();
  const file = join(folder, 'model.yaml');
  await writeFile(file, modelText('{ capacity: 1 per week, floor: 5 }'));
  const { people, ...rest } = leads(20);
  const dataset = { ...rest, people: people.map((person, at) => ({ ...person, jobTitle: `Rank ${at + 1}` })) };
  const product = await openTestProduct({ dataset, settings: { MODEL_FILE: file } });
  const { db } = product.context;
  const { hash } = product.context.model;
  const threshold = async () => (await thresholdsOf(db, hash))[0];
  const setRank = (key: string, rank: number) =>
    product.control('PATCH', `contacts/${product.idOf(key)}`, { properties: { jobtitle: `Rank ${rank}` } });
  const hot = async () => {
    const contacts = await product.contacts();
    const keys = new Map([...product.sandbox.contactIds].map(([key, id]) => [id, key]));
    const found = contacts.filter(({ properties }) => properties.leadgrade_status === 'hot');
    return found.map(({ id }) => keys.get(id) ?? id).toSorted();
  };

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
    for (const [key, rank] of changes[day] ?? []) await setRank(key, rank);
    if (changes[day] !== undefined) await product.sync();
    await product.nightly();
  }
  // p1 and p2 arrived at 45 points, p0 at 40 as well: three in two weeks.
  expect(await threshold()).toMatchObject({ points: 45, leads: 2 });
  expect((await thresholdHistory(db, hash)).map(({ points }) => points)).toEqual([45, 5]);
  const first = (await thresholdHistory(db, hash)).at(-1)?.since ?? new Date(0);
  expect(await thresholdsAsOf(db, hash, first)).toEqual({ hot: 5 });
  expect(await hot()).toEqual([...byFloor, 'p0', 'p2'].toSorted());

  await setRank('p19', 19);
  await setRank('p18', 20);
  await setRank('p3', 44);
  await setRank('p1', 46);
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
