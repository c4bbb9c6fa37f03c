// `leadgrade plan` where several models score side by side: each has tables of its own.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { writeModels } from '../../support/models.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { testFolder } from '../../support/test-folder.ts';
import { leadgradeHere } from '../run-command.ts';

const MIDDLE = '{ field: company.employees, gte: 50 }';
const ENTERPRISE = { name: 'enterprise', where: MIDDLE } as const;
const MORE_POINTS = [['{ gte: 50, lt: 1000 }, points: 25', '{ gte: 50, lt: 1000 }, points: 75']] as const;

let product: TestProduct;
let folder = '';
beforeAll(async () => {
  folder = await testFolder();
  product = await openTestProduct({
    people: 40,
    settings: { MODEL_FILE: writeModels(folder, [{ name: 'everyone' }, ENTERPRISE]) },
  });
  await product.backfill();
  await product.runUntilIdle();
});
afterAll(() => product.close());

const planSchema = z.object({
  ...{ leads: z.number(), moved: z.number(), rescored: z.number(), other_inputs: z.boolean() },
  other_models: z.array(
    z.object({
      ...{ label: z.string(), before: z.unknown(), moved: z.number(), leads: z.number(), rescored: z.number() },
      has_new_fields: z.boolean(),
      bands: z.array(z.object({ id: z.string(), before: z.number(), after: z.number() })),
      grades: z.array(z.object({ to: z.string().nullable(), leads: z.number() })),
    }),
  ),
});

const asOf = () => ['--as-of', product.context.clock.now().toISOString()];
const leadgrade = (...args: readonly string[]) => leadgradeHere(args, { env: product.env });
const planOf = async (...args: readonly string[]) =>
  planSchema.parse(JSON.parse((await leadgrade('plan', '--json', ...asOf(), ...args)).stdout));

async function enterpriseByGrade() {
  const rows = await product.context.db
    .selectFrom('lead_results')
    .innerJoin('results', 'results.id', 'lead_results.result_id')
    .select(({ fn }) => ['grade', fn.countAll<string>().as('leads')])
    .where('lead_results.model', '=', 'enterprise')
    .groupBy('grade')
    .execute();
  return Object.fromEntries(rows.map(({ grade, leads }) => [grade, Number(leads)]));
}

test('a model beside the first one that does not change is one line of the plan', async () => {
  const { other_models: others } = await planOf();
  const [enterprise] = others;
  expect(enterprise).toMatchObject({ label: 'enterprise', moved: 0, rescored: 0, has_new_fields: false });
  expect(enterprise?.leads).toBeGreaterThan(0);
  const { stdout } = await leadgrade('plan', ...asOf());
  expect(stdout).toMatch(/\nMODEL enterprise \(live\), enterprise@\S+ \(\w{8}\): none of its \d+ leads changes\n/);
});

test('a change of the second model has its own tables, moves no lead of the first one, and comes about as planned', async () => {
  writeModels(folder, [{ name: 'everyone' }, { ...ENTERPRISE, replace: MORE_POINTS }]);
  const csv = join(folder, 'changes.csv');
  const html = join(folder, 'plan.html');
  const { moved, rescored, other_models: others } = await planOf('--csv', csv, '--html', html);
  const [enterprise] = others;
  expect([moved, rescored]).toEqual([0, 0]);
  expect(enterprise?.rescored).toBeGreaterThan(0);
  const rows = (await readFile(csv, 'utf8')).trim().split('\n').slice(1);
  expect(rows).toHaveLength((enterprise?.moved ?? 0) + (enterprise?.rescored ?? 0));
  expect(new Set(rows.map((row) => row.split(',').at(-1)))).toEqual(new Set(['enterprise']));
  expect(await readFile(html, 'utf8')).toContain('<h1>MODEL enterprise (live), ');

  await leadgrade('apply', '--yes');
  await product.context.enqueue('score-leads', {});
  await product.runUntilIdle();
  const planned = new Map<string | null, number>();
  for (const { to, leads } of enterprise?.grades ?? []) planned.set(to, (planned.get(to) ?? 0) + leads);
  expect(await enterpriseByGrade()).toEqual(Object.fromEntries(planned));
});

test('a new model shows how many leads each of its bands would have, and that its fields are new', async () => {
  writeModels(folder, [{ name: 'everyone' }, { ...ENTERPRISE, replace: MORE_POINTS }, { name: 'next' }]);
  const { leads, other_models: others, other_inputs: hasOtherInputs } = await planOf();
  expect(hasOtherInputs).toBe(false);
  const next = others.find(({ label }) => label === 'next');
  expect(next).toMatchObject({ before: null, leads, has_new_fields: true });
  expect(next?.bands.reduce((sum, { after }) => sum + after, 0)).toBe(leads);
  const { stdout } = await leadgrade('plan', ...asOf());
  expect(stdout).toMatch(/\nMODEL next \(live\), next@\S+ \(\w{8}\), new\n/);
  expect(stdout).toContain('  The fields of next are new. "npx leadgrade setup" makes them, once this is applied.\n');
  // `setup` makes new fields with all their options.
  expect(stdout).not.toContain('New options');
});

test.each([
  ['that no lead fits', '{ field: company.employees, gte: 900000000 }', 'enterprise would score none of '],
  ['that every lead fits', '{ field: contact.email, present: true }', 'The where of enterprise fits all '],
])('a where %s is a warning of the plan', async (_, where, warning) => {
  writeModels(folder, [{ name: 'everyone' }, { ...ENTERPRISE, where }]);
  expect((await leadgrade('plan', ...asOf())).stdout).toContain(`\nWARNINGS\n  ${warning}`);
});
