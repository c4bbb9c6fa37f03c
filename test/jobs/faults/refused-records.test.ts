import { describe, expect, test } from 'vitest';
import { listErrors, retryErrors } from '../../../src/store/leads/record-errors.ts';
import type { Answer, OnUpdate } from '../../support/intercepting-proxy.ts';
import { leads } from '../../support/leads.ts';
import { openedProducts } from '../../support/opened-products.ts';
import type { TestProduct } from '../../support/product.ts';
import { expectInSync, logEnd, timesWritten } from './assertions.ts';

const { open } = openedProducts();

function listed(product: TestProduct) {
  return listErrors(product.context.db, { after: 0, limit: 100 });
}

/** `leadgrade errors retry`, and the round that follows. */
async function retry(product: TestProduct): Promise<number> {
  const records = await retryErrors(product.context.db, product.clock.now());
  await product.sync();
  return records;
}

const REFUSED = {
  status: 'error',
  category: 'VALIDATION_ERROR',
  subCategory: 'WRITE_RULE',
  message: 'A rule says no.',
};

interface Portal {
  /** Contacts that a rule of the portal protects. */
  readonly poison: Set<string>;
  calls: number;
  readonly onUpdate: OnUpdate;
}

/** A portal with a rule that refuses some contacts, and how it says so. */
function portalThat(says: (poisoned: readonly string[]) => Answer | 'per row'): Portal {
  const portal: Portal = {
    poison: new Set(),
    calls: 0,
    onUpdate: async (rows, forward) => {
      portal.calls += 1;
      const poisoned = rows.map(({ id }) => id).filter((id) => portal.poison.has(id));
      if (poisoned.length === 0) return forward(rows);
      const answer = says(poisoned);
      if (answer !== 'per row') return answer;
      const good = await forward(rows.filter(({ id }) => !portal.poison.has(id)));
      const errors = poisoned.map((id) => ({ ...REFUSED, context: { ids: [id] } }));
      return { status: 207, body: { ...Object(good.body), numErrors: errors.length, errors } };
    },
  };
  return portal;
}

describe('a contact that a rule of the portal protects', () => {
  test('is listed with its code and what to do; the others are written once, and it is when the rule is gone', async () => {
    const portal = portalThat(() => 'per row');
    const product = await open({ dataset: leads(5), onUpdate: portal.onUpdate });
    const p3 = product.idOf('p3');
    portal.poison.add(p3);
    const run = await product.backfill();
    expect(run).toMatchObject({ state: 'done', progress: { scored: 5, written: 4, refused: 1 } });
    const [error, ...others] = await listed(product);
    expect(others).toEqual([]);
    expect(error).toMatchObject({ crm: 'hubspot', record_id: p3, stage: 'write', code: 'WRITE_RULE', times: 1 });
    expect(error?.message).toContain('A rule says no.');
    expect(error?.fix).toMatch(/rules for contact properties/);
    const before = await logEnd(product);
    await product.sync();
    expect(await product.writes(before)).toEqual([]);
    portal.poison.clear();
    expect(await retry(product)).toBe(1);
    expect(await timesWritten(product, before)).toEqual(new Map([[p3, 1]]));
    expect(await listed(product)).toEqual([]);
    await expectInSync(product);
  });

  test('is tried again by a retry, and counts once more while the rule stands', async () => {
    const portal = portalThat(() => 'per row');
    const product = await open({ dataset: leads(2), onUpdate: portal.onUpdate });
    portal.poison.add(product.idOf('p1'));
    await product.backfill();
    await retry(product);
    expect(await listed(product)).toMatchObject([{ record_id: product.idOf('p1'), times: 2 }]);
  });

  test('may refuse a whole batch by naming it: one more call', async () => {
    const portal = portalThat((ids) => {
      const errors = ids.map((id) => ({ ...REFUSED, context: { ids: [id] } }));
      return { status: 400, body: { ...REFUSED, errors } };
    });
    const product = await open({ dataset: leads(40), onUpdate: portal.onUpdate });
    portal.poison.add(product.idOf('p3')).add(product.idOf('p30'));
    await product.backfill();
    expect(portal.calls).toBe(2);
    expect(await listed(product)).toHaveLength(2);
    const times = await timesWritten(product);
    expect([times.size, new Set(times.values())]).toEqual([38, new Set([1])]);
  });

  test.each([
    { size: 100, poisoned: ['p0'] },
    { size: 64, poisoned: ['p17', 'p18'] },
    { size: 37, poisoned: ['p0', 'p20', 'p36'] },
  ])('may refuse a batch of $size without a name: it is found in halves', async ({ size, poisoned }) => {
    const portal = portalThat(() => ({ status: 400, body: REFUSED }));
    const product = await open({ dataset: leads(size), onUpdate: portal.onUpdate });
    for (const key of poisoned) portal.poison.add(product.idOf(key));
    expect((await product.backfill()).state).toBe('done');
    expect(portal.calls - 1).toBeLessThanOrEqual(poisoned.length * 2 * Math.ceil(Math.log2(size)));
    const errors = await listed(product);
    expect(errors.map((error) => error.record_id).toSorted()).toEqual(poisoned.map(product.idOf).toSorted());
    const times = await timesWritten(product);
    expect([times.size, new Set(times.values())]).toEqual([size - poisoned.length, new Set([1])]);
    const before = portal.calls;
    await product.sync();
    expect(portal.calls).toBe(before);
  });
});

describe('a contact with a value that cannot be read', () => {
  test('is listed with the field, scored without it, and cleared when it is corrected', async () => {
    const product = await open({ dataset: leads(3) });
    const p1 = product.idOf('p1');
    await product.backfill();
    await product.control('PATCH', `contacts/${p1}`, { properties: { country: 'Atlantis', jobtitle: 'Director' } });
    await product.sync();
    const [error, ...others] = await listed(product);
    expect(others).toEqual([]);
    expect(error).toMatchObject({ record_id: p1, stage: 'read', field: 'contact.country', code: 'BAD_VALUE' });
    expect(error?.fix).toMatch(/Correct the value in the CRM/);
    expect((await product.contact(p1)).properties.leadgrade_fit_score).toBe('95');
    await product.control('PATCH', `contacts/${p1}`, { properties: { country: 'Germany' } });
    await product.sync();
    expect(await listed(product)).toEqual([]);
    await expectInSync(product);
  });
});
