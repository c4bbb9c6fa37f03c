// When the CRM is asked whether an unreadable field is there again.
import { expect, test } from 'vitest';
import { listUnreadableFields } from '../../../src/store/guard/unreadable-fields.ts';
import { groupSetAside } from '../../../src/store/set-aside/list-set-aside.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';

const MINUTE = 60_000;
const DESCRIPTION = '/crm/properties/[^/]+/contacts$';

async function withoutTitle(): Promise<TestProduct> {
  const product = await openTestProduct({ dataset: leads(3) });
  await product.backfill();
  await product.control('PUT', 'archived-properties/contacts', ['jobtitle']);
  await product.nightly();
  return product;
}

const fieldsOf = async ({ context }: TestProduct) =>
  (await listUnreadableFields(context.db, ['hubspot'])).map(({ field }) => field);
const asked = async (product: TestProduct) =>
  (await product.log()).filter(({ path }) => new RegExp(DESCRIPTION).test(path)).length;

async function pollAfter(product: TestProduct, minutes: number): Promise<void> {
  product.advanceClock(minutes * MINUTE);
  await product.poll();
}

test('a check that fails is not repeated before its next attempt, and the field stays unreadable', async () => {
  const product = await withoutTitle();
  await product.control('PUT', 'archived-properties/contacts', []);
  await product.control('PUT', 'faults', [{ match: { path: DESCRIPTION }, action: { status: 400 } }]);
  await pollAfter(product, 6);
  const failed = await asked(product);
  expect((await groupSetAside(product.context.db, ['hubspot'])).map(({ kind, stream }) => `${stream} ${kind}`)).toEqual(
    ['fields check'],
  );
  await pollAfter(product, 0);
  await pollAfter(product, 0);
  expect(await asked(product)).toBe(failed);
  expect(await fieldsOf(product)).toEqual(['contact.job_title']);

  await product.control('PUT', 'faults', []);
  await pollAfter(product, 60);
  expect(await fieldsOf(product)).toEqual([]);
});

test('a CRM that refuses its description to us makes no field readable that vanished before', async () => {
  const product = await withoutTitle();
  const action = { status: 403, body: { status: 'error', category: 'MISSING_SCOPES', message: 'no scope' } };
  await product.control('PUT', 'faults', [{ match: { path: DESCRIPTION }, action }]);
  await pollAfter(product, 6);
  await product.nightly();
  expect(await fieldsOf(product)).toEqual(['contact.job_title']);
});
