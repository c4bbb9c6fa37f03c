// `leadgrade erase`: somebody whom a CRM has no more is deleted here, too, and it is told what was.
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { leads } from '../../support/leads.ts';
import { openSalesforceProduct, type SalesforceProduct } from '../../support/salesforce-product.ts';
import { leadgradeHere } from '../run-command.ts';

let opened: SalesforceProduct | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

/** Three people who are in both CRMs, scored. */
async function bothBackfilled(): Promise<SalesforceProduct> {
  opened = await openSalesforceProduct({ dataset: leads(3), hubspot: leads(3) });
  await opened.backfill();
  return opened;
}

const reportSchema = z.object({
  id: z.string(),
  erasures: z.array(z.object({ erasedAt: z.string(), erased: z.record(z.string(), z.number()) })),
  others: z.array(z.string()),
});

/** What still stands here of a record, by table. */
async function leftOf({ context: { db } }: SalesforceProduct, id: string) {
  const record = await db
    .selectFrom('records')
    .select(['fields', 'crm_values', 'email_key'])
    .where('id', '=', id)
    .execute();
  const values = await db.selectFrom('field_values').select('field').where('record_id', '=', id).execute();
  const waiting = await db.selectFrom('outbox').select('record_id').where('record_id', '=', id).execute();
  return { record, values, waiting };
}

test('a Lead that was deleted for good is erased, its other record is named and goes on alone', async () => {
  const under = await bothBackfilled();
  const [id = ''] = under.org.leadIds.values();
  const [contact = ''] = under.portal?.contactIds.values() ?? [];
  await under.control('DELETE', `records/Lead/${id}`);
  await under.control('POST', `records/Lead/${id}/purge`);
  const told = await leadgradeHere(['erase', `salesforce:${id}`, '--json'], { env: under.env });
  expect(told.code).toBe(0);
  const { erasures, others } = reportSchema.parse(JSON.parse(told.stdout));
  expect(erasures).toHaveLength(1);
  expect(erasures[0]?.erased.fields).toBeGreaterThan(3);
  expect(others).toEqual([`hubspot:${contact}`]);
  expect(await leftOf(under, id)).toEqual({
    record: [{ fields: {}, crm_values: {}, email_key: null }],
    values: [],
    waiting: [],
  });

  await under.sync();
  expect((await leftOf(under, id)).record).toEqual([{ fields: {}, crm_values: {}, email_key: null }]);
  const again = await leadgradeHere(['erase', `salesforce:${id}`], { env: under.env });
  expect(again.code).toBe(0);
  expect(again.stdout.split('\n').filter((line) => line.includes('was erased here at'))).toHaveLength(1);
  const other = await leadgradeHere(['explain', `hubspot:${contact}`], { env: under.env });
  expect(other.stdout).not.toContain('Salesforce');
});

test('nobody is erased who is still there, or was never known', async () => {
  const under = await bothBackfilled();
  const [id = ''] = under.org.leadIds.values();
  const before = await leftOf(under, id);
  const refused = await leadgradeHere(['erase', `salesforce:${id}`], { env: under.env });
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('is still in Salesforce');
  expect(await leftOf(under, id)).toEqual(before);

  const unknown = await leadgradeHere(['erase', 'salesforce:00QgL0000009999UAA'], { env: under.env });
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toContain('is not known');
});

test('a Lead that was merged is erased with its survivor, when that is gone', async () => {
  const under = await bothBackfilled();
  const [merged = '', survivor = ''] = under.org.leadIds.values();
  await under.control('POST', 'merge', { masterId: survivor, mergedId: merged });
  await under.sync();
  const early = await leadgradeHere(['erase', `salesforce:${merged}`], { env: under.env });
  expect(early.code).toBe(2);
  expect(early.stderr).toContain(`was merged into salesforce:${survivor}`);
  await under.control('DELETE', `records/Lead/${survivor}`);
  expect((await leadgradeHere(['erase', `salesforce:${survivor}`], { env: under.env })).code).toBe(0);
  expect((await leftOf(under, merged)).record).toEqual([{ fields: {}, crm_values: {}, email_key: null }]);
});
