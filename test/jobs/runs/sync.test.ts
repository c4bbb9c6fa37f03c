// One sync: all changes since the last one are read, scored and written.
import { beforeEach, expect, test } from 'vitest';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';

let product: TestProduct;
beforeEach(async () => {
  product = await openTestProduct({ dataset: leads(3) });
  await product.backfill();
});

const propertiesOf = async (key: string) => (await product.contact(product.idOf(key))).properties;

test('a change of a company changes the grade of its contacts, although none of them was modified', async () => {
  const { companyId } = await product.contact(product.idOf('p0'));
  expect(await propertiesOf('p0')).toMatchObject({ leadgrade_fit_grade: 'A', leadgrade_fit_score: '100' });
  await product.control('PATCH', `companies/${companyId}`, { properties: { numberofemployees: '5' } });
  await product.sync();
  for (const key of ['p0', 'p1', 'p2']) {
    expect(await propertiesOf(key)).toMatchObject({ leadgrade_fit_grade: 'B', leadgrade_fit_score: '65' });
  }
});

test('a demo request makes a lead hot, and no other contact is written', async () => {
  const since = (await product.log()).at(-1)?.seq ?? 0;
  const contactId = product.idOf('p1');
  await product.control('POST', 'activities', { contactId, type: 'form_submission', attributes: { form: 'demo' } });
  await product.sync();
  expect(await propertiesOf('p1')).toMatchObject({ leadgrade_status: 'hot', leadgrade_behavior_score: '40' });
  expect((await product.writes(since)).map(({ ids }) => ids)).toEqual([[contactId]]);
});
