// `leadgrade erase`: all data of a record that was deleted in its CRM is deleted, and the report
// counts it.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { leads } from '../../support/leads.ts';
import { openSalesforceProduct, type SalesforceProduct } from '../../support/salesforce-product.ts';
import { leadgradeHere } from '../run-command.ts';

/** Three people with records in both CRMs, scored. */
async function bothBackfilled(): Promise<SalesforceProduct> {
  const product = await openSalesforceProduct({ dataset: leads(3), hubspot: leads(3) });
  await product.backfill();
  return product;
}

const reportSchema = z.object({
  id: z.string(),
  erasures: z.array(z.object({ erasedAt: z.string(), erased: z.record(z.string(), z.number()) })),
  others: z.array(z.string()),
});

/** The remaining data of a record, by table. */
async function dataOf({ context: { db } }: SalesforceProduct, id: string) {
  const record = await db.selectFrom('records').select(['fields', 'crm_values']).where('id', '=', id).execute();
  const values = await db.selectFrom('field_values').select('field').where('record_id', '=', id).execute();
  const waiting = await db.selectFrom('outbox').select('record_id').where('record_id', '=', id).execute();
  const addresses = await db.selectFrom('record_addresses').select('address').where('record_id', '=', id).execute();
  return { record, values, waiting, addresses };
}

test('a Lead that was purged in Salesforce is erased; the report names its HubSpot contact, which is scored without it', async () => {
  const product = await bothBackfilled();
  const [id = ''] = product.org.leadIds.values();
  const [contact = ''] = product.portal?.contactIds.values() ?? [];
  await product.control('DELETE', `records/Lead/${id}`);
  await product.control('POST', `records/Lead/${id}/purge`);
  const report = await leadgradeHere(['erase', `salesforce:${id}`, '--json'], { env: product.env });
  expect(report.code).toBe(0);
  const { erasures, others } = reportSchema.parse(JSON.parse(report.stdout));
  expect(erasures).toHaveLength(1);
  expect(erasures[0]?.erased.fields).toBeGreaterThan(3);
  expect(others).toEqual([`hubspot:${contact}`]);
  expect(await dataOf(product, id)).toEqual({
    record: [{ fields: {}, crm_values: {} }],
    values: [],
    waiting: [],
    addresses: [],
  });

  await product.sync();
  expect((await dataOf(product, id)).record).toEqual([{ fields: {}, crm_values: {} }]);
  const again = await leadgradeHere(['erase', `salesforce:${id}`], { env: product.env });
  expect(again.code).toBe(0);
  expect(again.stdout.split('\n').filter((line) => line.includes('was erased here at'))).toHaveLength(1);
  const other = await leadgradeHere(['explain', `hubspot:${contact}`], { env: product.env });
  expect(other.stdout).not.toContain('Salesforce');
});

test('erase refuses a record that still exists in the CRM, and a record that was never known', async () => {
  const product = await bothBackfilled();
  const [id = ''] = product.org.leadIds.values();
  const before = await dataOf(product, id);
  const refused = await leadgradeHere(['erase', `salesforce:${id}`], { env: product.env });
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('is still in Salesforce');
  expect(await dataOf(product, id)).toEqual(before);

  const unknown = await leadgradeHere(['erase', 'salesforce:00QgL0000009999UAA'], { env: product.env });
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toContain('is not known');
});

test('a merged Lead is erased together with its survivor, after the survivor was deleted', async () => {
  const product = await bothBackfilled();
  const [merged = '', survivor = ''] = product.org.leadIds.values();
  await product.control('POST', 'merge', { masterId: survivor, mergedId: merged });
  await product.sync();
  const early = await leadgradeHere(['erase', `salesforce:${merged}`], { env: product.env });
  expect(early.code).toBe(2);
  expect(early.stderr).toContain(`was merged into salesforce:${survivor}`);
  await product.control('DELETE', `records/Lead/${survivor}`);
  expect((await leadgradeHere(['erase', `salesforce:${survivor}`], { env: product.env })).code).toBe(0);
  expect((await dataOf(product, merged)).record).toEqual([{ fields: {}, crm_values: {} }]);
});
