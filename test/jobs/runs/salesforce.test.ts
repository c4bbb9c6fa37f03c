// A backfill of a Salesforce org on every backend: all records are read, scored and written once,
// and afterwards only changed ones.
import { describe, expect, test } from 'vitest';
import { BACKEND } from '../../support/backends.ts';
import { openSalesforceProduct } from '../../support/salesforce-product.ts';

const STATUS = 'Leadgrade_Status__c';

describe(`on ${BACKEND.name}`, () => {
  test('a backfill of a Salesforce org writes all scored records once in full batches per object, and a second one writes none', async () => {
    const under = await openSalesforceProduct({ people: 250, queue: true });
    expect(await under.backfill()).toMatchObject({ state: 'done' });
    const scored = (await under.records()).filter((record) => record[STATUS] != null);
    expect(scored.length).toBeGreaterThan(200);
    const first = await under.writes();
    expect(first.flatMap(({ ids = [] }) => ids).toSorted()).toEqual(scored.map(({ id }) => id).toSorted());
    const leads = scored.filter(({ object }) => object === 'Lead').length;
    const calls = Math.ceil(leads / 200) + Math.ceil((scored.length - leads) / 200);
    expect(first).toHaveLength(calls);

    const start = (await under.log()).at(-1)?.seq ?? 0;
    under.advanceClock(60_000);
    expect(await under.backfill()).toMatchObject({ state: 'done' });
    expect(await under.writes(start)).toEqual([]);
  });
});
