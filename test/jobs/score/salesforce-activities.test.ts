// The stored activities and opportunities of a sandbox org, from the first sync on.
import { expect, test } from 'vitest';
import { peopleWithDeals } from '../../../sandbox/test/salesforce/sandbox-under-test.ts';
import { openSalesforceProduct, type SalesforceProduct } from '../../support/salesforce-product.ts';

async function open(deals: readonly number[]): Promise<SalesforceProduct> {
  const call = { person: 'p0', type: 'call', at: Date.parse('2026-03-03T15:30:00Z'), attributes: {} };
  const product = await openSalesforceProduct({ dataset: peopleWithDeals(3, deals, [call]) });
  await product.backfill();
  return product;
}

async function stored(
  { context }: SalesforceProduct,
  table: 'activities' | 'deal_outcomes',
): Promise<readonly string[]> {
  const rows = context.db.selectFrom(table).select(['object', 'record_id', 'id']).where('gone_at', 'is', null);
  return (await rows.orderBy('record_id').execute()).map((row) => `${row.object}/${row.record_id} ${row.id}`);
}

test('a call that is reassigned to another lead no longer counts for the first one', async () => {
  const product = await open([]);
  const [first, second] = ['p0', 'p1'].map((key) => product.org.leadIds.get(key));
  const [line = ''] = await stored(product, 'activities');
  const taskId = line.split('task:')[1];
  expect(line).toBe(`Lead/${first} task:${taskId}`);
  await product.control('PATCH', `records/Task/${taskId}`, { values: { WhoId: second } });
  await product.sync();
  expect(await stored(product, 'activities')).toEqual([`Lead/${second} task:${taskId}`]);
});

test('an opportunity belongs to the contacts in its roles, and is gone after its deletion', async () => {
  const product = await open([0, 1]);
  const [first, second] = ['p0', 'p1'].map((key) => product.org.contactIds.get(key));
  const before = await stored(product, 'deal_outcomes');
  const id = before.find((line) => line.includes(String(first)))?.split('opportunity:')[1];
  expect(before).toHaveLength(2);
  const values = { OpportunityId: id, ContactId: second, Role: 'Evaluator' };
  await product.control('POST', 'records/OpportunityContactRole', { values });
  await product.sync();
  expect(await stored(product, 'deal_outcomes')).toHaveLength(3);
  await product.control('DELETE', `records/Opportunity/${id}`);
  await product.sync();
  expect(await stored(product, 'deal_outcomes')).toEqual(before.filter((line) => line.includes(String(second))));
});

test('a second full sync keeps every opportunity and call, also those of roles added since the first', async () => {
  const product = await open([0, 1]);
  const [first, second] = ['p0', 'p1'].map((key) => product.org.contactIds.get(key));
  const id = (await stored(product, 'deal_outcomes'))
    .find((line) => line.includes(String(first)))
    ?.split('opportunity:')[1];
  const values = { OpportunityId: id, ContactId: second, Role: 'Evaluator' };
  await product.control('POST', 'records/OpportunityContactRole', { values });
  await product.sync();
  const before = [await stored(product, 'deal_outcomes'), await stored(product, 'activities')];
  product.advanceClock(600_000);
  await product.backfill();
  expect([await stored(product, 'deal_outcomes'), await stored(product, 'activities')]).toEqual(before);
});
