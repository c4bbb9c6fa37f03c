// With `when_edited: respect`, an edit of our fields by another user stays, also over a pending
// write, until it is removed.
import { expect, test } from 'vitest';
import type { JobContext } from '../../../jobs/context.ts';
import type { JobName } from '../../../jobs/job-types.ts';
import { executeJob } from '../../../jobs/queue/worker.ts';
import { findRun, openRun } from '../../../src/store/sync/runs.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct, type TestProductOptions } from '../../support/product.ts';

const open = (options: TestProductOptions = {}) => openTestProduct({ dataset: leads(2), ...options });

function withRespectPolicy({ context }: TestProduct): JobContext {
  const crms = [...context.crms].map(([id, crm]) => [id, { ...crm, editPolicy: 'respect' as const }] as const);
  return { ...context, crms: new Map(crms) };
}

test('a result that waited for the end of a pause is not written over an edit that was made meanwhile, and the run counts it', async () => {
  const product = await open();
  await product.backfill();
  const context = withRespectPolicy(product);
  const run = async (...jobs: readonly JobName[]) => {
    product.advanceClock(60_000);
    for (const job of jobs) await executeJob(context, job, { crm: 'hubspot' });
  };
  const id = product.idOf('p1');
  const edit = (properties: object) => product.control('PATCH', `contacts/${id}`, { properties });
  const inCrm = async () => (await product.contact(id)).properties;
  const { leadgrade_status: ours } = await inCrm();

  await product.faults({ match: { path: 'batch/update' }, action: { status: 503 } });
  await edit({ jobtitle: 'Student' });
  await run('sync-streams', 'refresh-records', 'score-leads', 'write-scores');
  expect(await context.db.selectFrom('outbox').select('record_id').execute()).toEqual([{ record_id: id }]);
  await edit({ leadgrade_status: 'hot' });
  const report = await openRun(context.db, { job: 'sync', slot: null, state: 'running' }, context.clock.now());
  await run('sync-streams', 'refresh-records', 'score-leads', 'write-scores');
  expect((await findRun(context.db, report?.id ?? 0))?.progress).toMatchObject({ respected: 1 });
  await product.faults();
  product.advanceClock(3_600_000);
  await run('score-leads', 'write-scores');
  expect((await inCrm()).leadgrade_status).toBe('hot');
  expect((await inCrm()).leadgrade_explanation).not.toContain('Student');

  await edit({ leadgrade_status: '' });
  await run('sync-streams', 'refresh-records', 'score-leads', 'write-scores');
  expect((await inCrm()).leadgrade_status).toBe(ours);
  expect((await inCrm()).leadgrade_explanation).toContain('Student or intern');
});
