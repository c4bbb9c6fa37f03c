// The leads of the database, as `validate --against store` judges them.
import { expect, test } from 'vitest';
import { type StoredLead, storedLeads } from '../../../jobs/score/stored-leads.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct } from '../../support/product.ts';

test('the stored leads are those in scope, with their fields and activities, and reading them writes nothing', async () => {
  const people = leads(3);
  const product = await openTestProduct({
    dataset: {
      ...people,
      people: people.people.map((each, at) => (at === 0 ? { ...each, lifecycle: 'customer' } : each)),
    },
  });
  expect((await product.backfill()).state).toBe('done');
  const before = await product.context.db.selectFrom('leads').selectAll().orderBy('id').execute();
  const found: StoredLead[] = [];
  for await (const each of storedLeads(product.context)) found.push(each);
  expect(found.map(({ lead }) => lead.fields['contact.last_name']).toSorted()).toEqual(['Number1', 'Number2']);
  expect(found.map(({ stored }) => stored.previous?.status)).toEqual(['engaged', 'engaged']);
  expect(found[0]?.lead.fields['contact.title_level']).toBe('executive');
  expect(await product.context.db.selectFrom('leads').selectAll().orderBy('id').execute()).toEqual(before);
});
