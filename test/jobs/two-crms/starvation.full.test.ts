// A large backlog of one CRM delays neither the other CRM nor an urgent change: both are written while it lasts.
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openBothCrms } from '../../support/both-crms.ts';
import { leads } from '../../support/leads.ts';
import { patient } from '../../support/patience.ts';

const BACKLOG = 20_000;
const SOON = { timeout: patient(120_000), interval: 20 };

test(`a change in Salesforce and a demo request are written while ${BACKLOG} contacts of HubSpot wait to be read`, async () => {
  const product = await openBothCrms({ dataset: leads(2), hubspot: leads(BACKLOG + 2), queue: true });
  await product.backfill();
  const { db, enqueue, clock } = product.context;
  // Each batch of the backlog takes a moment, as with a CRM that is far away.
  await product.hubspot('PUT', 'faults', [{ match: { path: 'contacts/batch/read' }, action: { delayMs: 400 } }]);
  const urgent = product.contactId('p1');
  await sql`
    update leadgrade.records set dirty_at = ${clock.now()}, priority = 2 where crm = 'hubspot' and id <> ${urgent}`.execute(
    db,
  );
  const backlog = async () => {
    const row = await db
      .selectFrom('records')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('crm', '=', 'hubspot')
      .where('dirty_at', 'is not', null)
      .executeTakeFirst();
    return Number(row?.count);
  };
  await enqueue('refresh-records', { crm: 'hubspot' });
  await expect.poll(backlog, SOON).toBeLessThan(BACKLOG);

  await product.control('PATCH', `records/Lead/${product.leadId('p0')}`, { values: { Title: 'Student' } });
  await product.happens({ contact: urgent }, 'form_submission', clock.now().toISOString());
  await enqueue('poll-fast-streams', { crm: 'hubspot' });
  await enqueue('sync-streams', { crm: 'salesforce' });
  const isWritten = async () => {
    const [lead, contact] = [await product.inSalesforce('p0'), await product.inHubSpot('p1')];
    return [
      lead.explanation?.includes('Executive') ?? true,
      contact.explanation?.includes('Filled in a form') ?? false,
    ];
  };
  await expect.poll(isWritten, SOON).toEqual([false, true]);
  const left = await backlog();
  console.log(`starvation: ${left} of ${BACKLOG} contacts were still to be read`);
  expect(left).toBeGreaterThan(0);
});
