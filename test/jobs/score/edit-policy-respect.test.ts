// Under `when_edited: respect` somebody else's edit of our fields stands, whatever was about to be written, until it is taken away.
import { expect, test } from 'vitest';
import type { JobContext } from '../../../jobs/context.ts';
import type { JobName } from '../../../jobs/job-types.ts';
import { executeJob } from '../../../jobs/queue/worker.ts';
import { leads } from '../../support/leads.ts';
import { openedProducts } from '../../support/opened-products.ts';
import type { TestProduct } from '../../support/product.ts';

const { open } = openedProducts({ dataset: leads(2) });

function respecting({ context }: TestProduct): JobContext {
  const crms = [...context.crms].map(([id, crm]) => [id, { ...crm, whenEdited: 'respect' as const }] as const);
  return { ...context, crms: new Map(crms) };
}

test('a result that waited while writing was halted is not written over an edit that was made meanwhile', async () => {
  const product = await open();
  await product.backfill();
  const context = respecting(product);
  const run = async (...jobs: readonly JobName[]) => {
    product.advanceClock(60_000);
    for (const job of jobs) await executeJob(context, job, { crm: 'hubspot' });
  };
  const id = product.idOf('p1');
  const edit = (properties: object) => product.control('PATCH', `contacts/${id}`, { properties });
  const seen = async () => (await product.contact(id)).properties;
  const { leadgrade_status: ours } = await seen();

  await product.faults({ match: { path: 'batch/update' }, action: { status: 503 } });
  await edit({ jobtitle: 'Student' });
  await run('sync-streams', 'refresh-records', 'score-leads', 'write-scores');
  expect(await context.db.selectFrom('outbox').select('record_id').execute()).toEqual([{ record_id: id }]);
  await edit({ leadgrade_status: 'hot' });
  await run('sync-streams', 'refresh-records', 'score-leads', 'write-scores');
  await product.faults();
  product.advanceClock(3_600_000);
  await run('score-leads', 'write-scores');
  expect((await seen()).leadgrade_status).toBe('hot');
  expect((await seen()).leadgrade_explanation).not.toContain('Student');

  await edit({ leadgrade_status: '' });
  await run('sync-streams', 'refresh-records', 'score-leads', 'write-scores');
  expect((await seen()).leadgrade_status).toBe(ours);
  expect((await seen()).leadgrade_explanation).toContain('Student or intern');
});
