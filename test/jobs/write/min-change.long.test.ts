// `min_change` in the mapping: the CRM keeps an earlier result while the difference is small, and
// never differs by more.
import { expect, test } from 'vitest';
import type { JobContext } from '../../../jobs/context.ts';
import type { JobName } from '../../../jobs/job-types.ts';
import { executeJob } from '../../../jobs/queue/worker.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { timesWritten } from '../faults/assertions.ts';

const JOBS: readonly JobName[] = ['nightly', 'sync-streams', 'refresh-records', 'score-leads', 'write-scores'];
const NIGHTS = 14;

function withMinChange({ context }: TestProduct, minChange: number): JobContext {
  const crms = [...context.crms].map(([id, crm]) => [id, { ...crm, minChange }] as const);
  return { ...context, crms: new Map(crms) };
}

/** The scores of the store and those of the CRM, by contact. */
async function storedAndShown({ context, contact }: TestProduct) {
  const stored = await context.db
    .selectFrom('records')
    .innerJoin('leads', 'leads.id', 'records.lead_id')
    .innerJoin('results', 'results.id', 'leads.result_id')
    .select(['records.id', 'total', 'grade', 'status'])
    .where('state', '=', 'live')
    .execute();
  return Promise.all(stored.map(async (lead) => ({ lead, shown: (await contact(lead.id)).properties })));
}

async function playNights(minChange: number): Promise<TestProduct> {
  const product = await openTestProduct({ people: 60 });
  await product.backfill();
  const context = withMinChange(product, minChange);
  for (let night = 0; night < NIGHTS; night++) {
    product.advanceClock(86_400_000);
    for (const job of JOBS) await executeJob(context, job, { crm: 'hubspot' });
  }
  return product;
}

const writesOf = async (product: TestProduct) =>
  [...(await timesWritten(product)).values()].reduce((sum, times) => sum + times, 0);

test('with min_change: 5 the CRM never shows a score that is off by 5 points, always the present grade and status, and gets fewer writes', async () => {
  const [every, some] = [await playNights(1), await playNights(5)];
  const leads = await storedAndShown(some);
  expect(leads.length).toBeGreaterThan(0);
  for (const { lead, shown } of leads) {
    expect(Math.abs(lead.total - Number(shown.leadgrade_total_score)), `total of ${lead.id}`).toBeLessThan(5);
    expect(shown).toMatchObject({ leadgrade_fit_grade: lead.grade, leadgrade_status: lead.status });
    // All fields are those of one earlier result: they still add up.
    const { leadgrade_fit_score: fit, leadgrade_behavior_score: behavior, leadgrade_total_score: total } = shown;
    expect(Number(fit) + Number(behavior)).toBe(Number(total));
  }
  expect(leads.some(({ lead, shown }) => String(lead.total) !== shown.leadgrade_total_score)).toBe(true);
  for (const { lead, shown } of await storedAndShown(every)) expect(shown.leadgrade_total_score).toBe(`${lead.total}`);
  expect(await writesOf(some)).toBeLessThan(await writesOf(every));
});

test('a run reports the records that min_change kept from being written', async () => {
  const product = await playNights(5);
  const runs = await product.context.db.selectFrom('runs').select('progress').where('job', '=', 'nightly').execute();
  const saved = runs.map(({ progress }) => progress.below_min_change ?? 0);
  expect(saved.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
});

test('a lower min_change writes the differences that the higher one kept back', async () => {
  const product = await playNights(5);
  expect(
    (await storedAndShown(product)).some(({ lead, shown }) => String(lead.total) !== shown.leadgrade_total_score),
  ).toBe(true);
  product.advanceClock(86_400_000);
  await product.context.db
    .updateTable('leads')
    .set({ due_at: product.context.clock.now(), due_reason: 'changed' })
    .execute();
  for (const job of JOBS) await executeJob(withMinChange(product, 1), job, { crm: 'hubspot' });
  for (const { lead, shown } of await storedAndShown(product))
    expect(shown.leadgrade_total_score).toBe(`${lead.total}`);
});
