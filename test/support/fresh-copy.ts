// What a product knows, and what a product with an empty database learns from the same CRMs.
import { expect } from 'vitest';
import { BACKEND } from './backends.ts';
import { type RunningProduct, runProduct } from './running-product.ts';

/** Fields, activities and score of each live record, by CRM, object and ID. */
export async function knownRecords({ context: { db } }: RunningProduct): Promise<Readonly<Record<string, object>>> {
  const records = await db
    .selectFrom('records')
    .innerJoin('leads', 'leads.id', 'records.lead_id')
    .leftJoin('results', 'results.id', 'leads.result_id')
    .select(['records.crm', 'records.object', 'records.id', 'records.fields', 'records.company_id'])
    .select(['grade', 'fit_score', 'behavior_score', 'total', 'status'])
    .where('records.state', '=', 'live')
    .execute();
  const others = await db
    .selectFrom('lead_results')
    .innerJoin('results', 'results.id', 'lead_results.result_id')
    .innerJoin('records', 'records.lead_id', 'lead_results.lead_id')
    .select(['records.crm', 'records.object', 'records.id', 'lead_results.model'])
    .select(['grade', 'fit_score', 'behavior_score', 'total', 'status'])
    .orderBy('lead_results.model')
    .execute();
  const ofOthers = Map.groupBy(others, ({ crm, object, id }) => `${crm}/${object}/${id}`);
  const activities = await db
    .selectFrom('activities')
    .select(['crm', 'object', 'record_id', 'id', 'type', 'at', 'attributes'])
    .where('gone_at', 'is', null)
    .orderBy('id')
    .execute();
  const done = Map.groupBy(activities, ({ crm, object, record_id }) => `${crm}/${object}/${record_id}`);
  return Object.fromEntries(
    records.map(({ crm, object, id, ...known }) => {
      const key = `${crm}/${object}/${id}`;
      const own = (done.get(key) ?? []).map((activity) => ({
        id: activity.id,
        type: activity.type,
        at: activity.at.toISOString(),
        attributes: activity.attributes,
      }));
      return [key, { ...known, others: ofOthers.get(key) ?? [], activities: own }];
    }),
  );
}

/** The product knows and scores exactly what a product with an empty database does. */
export async function expectAsFresh(product: RunningProduct): Promise<void> {
  const installation = await BACKEND.create();
  const fresh = await runProduct({ ...product.env, ...installation.env }, product.clock);
  try {
    await fresh.backfill();
    fresh.advanceClock(60_000);
    await fresh.poll();
    expect(await knownRecords(product)).toEqual(await knownRecords(fresh));
  } finally {
    await fresh.close();
    await installation.destroy();
  }
}

/** What the latest night found, by CRM. */
export async function latestFindings({ context: { db } }: RunningProduct): Promise<Readonly<Record<string, unknown>>> {
  const rows = await db
    .selectFrom('run_steps')
    .innerJoin('runs', 'runs.id', 'run_steps.run_id')
    .select(['run_steps.run_id', 'run_steps.crm', 'run_steps.detail'])
    .where('runs.job', '=', 'nightly')
    .where('run_steps.step', '=', 'reconciliation-findings')
    .orderBy('run_steps.run_id', 'desc')
    .execute();
  const latest = await db
    .selectFrom('runs')
    .select('id')
    .where('job', '=', 'nightly')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return Object.fromEntries(rows.filter((row) => row.run_id === latest?.id).map((row) => [row.crm, row.detail]));
}
