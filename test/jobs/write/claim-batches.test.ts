import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { claimBatches, type WriteProgress } from '../../../jobs/write/claim-batches.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct } from '../../support/product.ts';

/** A backlog of seven records, in batches of one record; four batches are claimed at a time. */
async function backlog() {
  const { context } = await openTestProduct({ dataset: leads(7) });
  const mapped = context.crms.get('hubspot');
  if (mapped === undefined) throw new Error('HubSpot is not set up');
  await sql`
    insert into leadgrade.outbox (crm, object, record_id, patch, queued_at)
    select 'hubspot', 'contacts', n::text, '{}', ${context.clock.now()} from generate_series(1, 7) n`.execute(
    context.db,
  );
  const { connector } = mapped;
  const one = { ...mapped, connector: { ...connector, batch: { ...connector.batch, write: 1 } } };
  const progress: WriteProgress = { inFlight: new Set(), failures: [] };
  return { batches: claimBatches(context, one, { object: 'contacts' }, progress), progress };
}

test('the next rows of a backlog are claimed while the batches before are on their way, and none twice', async () => {
  const { batches, progress } = await backlog();
  const ids: string[] = [];
  for await (const rows of batches) ids.push(...rows.map(({ id }) => id));
  expect(ids).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  expect([...progress.inFlight]).toEqual(ids);
});

test('after a batch has failed, the claimed batches end and no more are claimed', async () => {
  const { batches, progress } = await backlog();
  const ids: string[] = [];
  for await (const rows of batches) {
    ids.push(...rows.map(({ id }) => id));
    progress.failures.push(new Error('HubSpot is down'));
  }
  expect(ids).toEqual(['1', '2', '3', '4']);
});
