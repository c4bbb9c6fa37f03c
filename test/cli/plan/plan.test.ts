// `leadgrade plan`: what a changed model does to all leads, before it happens. `leadgrade models`: those that were used.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { logEnd, timesWritten } from '../../jobs/faults/assertions.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { leadgradeHere } from '../run-command.ts';

const MODEL = await readFile(new URL('../../../mappings/model.yaml', import.meta.url), 'utf8');
const MORE_FOR_THE_MIDDLE = MODEL.replace('{ gte: 50, lt: 1000 }, points: 25', '{ gte: 50, lt: 1000 }, points: 75');

let product: TestProduct;
let folder: string;

beforeAll(async () => {
  product = await openTestProduct({ people: 30 });
  await product.backfill();
  await product.runUntilIdle();
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-plan-'));
  await writeFile(join(folder, 'model.yaml'), MORE_FOR_THE_MIDDLE);
});

afterAll(async () => {
  await product.close();
  await rm(folder, { recursive: true });
});

const planOf = (...args: readonly string[]) =>
  leadgradeHere(['plan', '--as-of', product.context.clock.now().toISOString(), ...args], { env: product.env });

const planSchema = z.object({
  changes: z.array(z.string()),
  leads: z.number(),
  moved: z.number(),
  bands: z.array(z.object({ id: z.string(), before: z.number(), after: z.number() })),
  moves: z.array(z.object({ lead: z.string(), from: z.string().nullable(), reason: z.string() })),
  writes: z.array(z.object({ crm: z.string(), writes: z.number(), calls: z.number() })),
});

const countOf = (plan: z.infer<typeof planSchema>, when: 'before' | 'after') =>
  Object.fromEntries(plan.bands.flatMap((band) => (band[when] === 0 ? [] : [[band.id, band[when]]])));

test('the plan of the model in use moves no lead and writes nothing', async () => {
  const { stdout } = await planOf('--json');
  const plan = planSchema.parse(JSON.parse(stdout));
  expect(plan).toMatchObject({ changes: [], moved: 0, moves: [], writes: [{ crm: 'hubspot', writes: 0, calls: 0 }] });
  expect(countOf(plan, 'before')).toEqual(await leadsByBand());
  expect((await planOf()).stdout).toContain('Nothing: the file is the model in use.');
  expect(stdout).toContain('"other_inputs":false');
  const elsewhere = { ...product.env, TIMEZONE: 'Asia/Tokyo' };
  expect((await leadgradeHere(['plan', '--json'], { env: elsewhere })).stdout).toContain('"other_inputs":true');
});

test('a plan with one file for --csv and --html is refused before it begins', async () => {
  const file = join(folder, 'both');
  expect(await planOf('--csv', file, '--html', file)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('name the same file'),
  });
});

test('a file that exists is not replaced by a plan without --force', async () => {
  const file = join(folder, 'kept.csv');
  await writeFile(file, 'kept');
  expect(await planOf('--csv', file)).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
  expect(await readFile(file, 'utf8')).toBe('kept');
});

test('a plan of more points for middle-sized companies names who moves and why, and the model then moves and writes exactly these', async () => {
  const [file, csv, html] = ['model.yaml', 'changes.csv', 'plan.html'].map((name) => join(folder, name));
  const { stdout } = await planOf('--model', `${file}`, '--json', '--csv', `${csv}`, '--html', `${html}`);
  const plan = planSchema.parse(JSON.parse(stdout));
  expect(plan.changes).toEqual(['company_size, case { gte: 50, lt: 1000 }: points 25 → 75']);
  expect(plan.moved).toBeGreaterThan(0);
  expect(plan.moves[0]?.reason).toMatch(/ 25 → 75$/);
  const changed = (await readFile(`${csv}`, 'utf8')).trim().split('\n').slice(1);
  expect(changed.filter((line) => line.split(',')[1] !== line.split(',')[2])).toHaveLength(plan.moved);
  expect(await readFile(`${html}`, 'utf8')).toContain(`${plan.moved} of ${plan.leads} leads get another status`);

  const since = await logEnd(product);
  const applied = await leadgradeHere(['apply', '--model', `${file}`, '--yes', '--by', 'Anna'], { env: product.env });
  expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining('Applied b2b-saas@') });
  await product.context.enqueue('score-leads', {});
  await product.runUntilIdle();
  expect(countOf(plan, 'after')).toEqual(await leadsByBand());
  expect((await timesWritten(product, since)).size).toBe(plan.writes[0]?.writes);
});

test('models list names the model in use first, who applied it and what it changed, and diff says the same in words', async () => {
  const [first, change, second, ...others] = (await models('list')).stdout.trim().split('\n');
  expect(first).toMatch(
    /^[0-9a-f]{8} {2}b2b-saas@\S+ {2}applied \S+ \S+ UTC by Anna, in use; \d+ leads have their score from it$/,
  );
  expect(change).toBe('          company_size, case { gte: 50, lt: 1000 }: points 25 → 75');
  expect(second).toMatch(/^[0-9a-f]{8} {2}b2b-saas@\S+ {2}applied 2026-03-10 12:00 UTC at the first start; \d+ leads/);
  expect(others).toEqual([]);
  const [hash = ''] = (second ?? '').split(' ');
  expect((await models('show', hash)).stdout).toBe(MODEL);
  expect((await models('diff', hash, join(folder, 'model.yaml'))).stdout).toContain(
    'company_size, case { gte: 50, lt: 1000 }: points 25 → 75',
  );
  expect(await models('show', 'b2b-saas@0')).toMatchObject({ code: 2, stderr: expect.stringContaining('models list') });
});

const models = (...args: readonly string[]) => leadgradeHere(['models', ...args], { env: product.env });

async function leadsByBand() {
  const rows = await product.context.db
    .selectFrom('leads')
    .innerJoin('results', 'results.id', 'leads.result_id')
    .select(({ fn }) => ['status', fn.countAll<string>().as('leads')])
    .groupBy('status')
    .execute();
  return Object.fromEntries(rows.map(({ status, leads }) => [status, Number(leads)]));
}

test('a lead a little below the first threshold of a band is in the plan as it will be: not kept by the hysteresis', async () => {
  const file = join(folder, 'best-share.yaml');
  const toHot = 'at_least: 80\n';
  expect(MODEL).toContain(toHot);
  await writeFile(file, MODEL.replace(toHot, 'at_least: { top: 10%, floor: 0, hysteresis: 100 }\n'));
  const planned = countOf(planSchema.parse(JSON.parse((await planOf('--model', file, '--json')).stdout)), 'after');
  const { code } = await leadgradeHere(['apply', '--model', file, '--yes'], { env: product.env });
  expect(code).toBe(0);
  await product.context.enqueue('score-leads', {});
  await product.runUntilIdle();
  expect(planned).toEqual(await leadsByBand());
});
