import { describe, expect, test } from 'vitest';
import { listErrors, retryErrors } from '../../../src/store/leads/record-errors.ts';
import type { Answer, OnUpdate } from '../../support/intercepting-proxy.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { expectInSync, logEnd, timesWritten } from './assertions.ts';

function listed(product: TestProduct) {
  return listErrors(product.context.db, { after: 0, limit: 100 });
}

/** `leadgrade errors retry`, followed by a sync. */
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
  readonly protectedIds: Set<string>;
  calls: number;
  readonly onUpdate: OnUpdate;
}

/** A portal with a rule that refuses updates of some contacts. `respond` forms the refusal. */
function portalWithRule(respond: (refusedIds: readonly string[]) => Answer | 'per row'): Portal {
  const portal: Portal = {
    protectedIds: new Set(),
    calls: 0,
    onUpdate: async (rows, forward) => {
      portal.calls += 1;
      const refusedIds = rows.map(({ id }) => id).filter((id) => portal.protectedIds.has(id));
      if (refusedIds.length === 0) return forward(rows);
      const response = respond(refusedIds);
      if (response !== 'per row') return response;
      const good = await forward(rows.filter(({ id }) => !portal.protectedIds.has(id)));
      const errors = refusedIds.map((id) => ({ ...REFUSED, context: { ids: [id] } }));
      return { status: 207, body: { ...Object(good.body), numErrors: errors.length, errors } };
    },
  };
  return portal;
}

describe('a contact that a rule of the portal protects', () => {
  test('is listed with the code and a hint, the others are written once, and a retry writes it after the rule is removed', async () => {
    const portal = portalWithRule(() => 'per row');
    const product = await openTestProduct({ dataset: leads(5), onUpdate: portal.onUpdate });
    const p3 = product.idOf('p3');
    portal.protectedIds.add(p3);
    const run = await product.backfill();
    expect(run).toMatchObject({ state: 'done', progress: { scored: 5, written: 4, refused: 1 } });
    const [error, ...others] = await listed(product);
    expect(others).toEqual([]);
    expect(error).toMatchObject({ crm: 'hubspot', record_id: p3, stage: 'write', code: 'WRITE_RULE', occurrences: 1 });
    expect(error?.message).toContain('A rule says no.');
    expect(error?.fix).toMatch(/rules for contact properties/);
    const before = await logEnd(product);
    await product.sync();
    expect(await product.writes(before)).toEqual([]);
    portal.protectedIds.clear();
    expect(await retry(product)).toBe(1);
    expect(await timesWritten(product, before)).toEqual(new Map([[p3, 1]]));
    expect(await listed(product)).toEqual([]);
    await expectInSync(product);
  });

  test('is written again by a retry, and its error counts twice while the rule exists', async () => {
    const portal = portalWithRule(() => 'per row');
    const product = await openTestProduct({ dataset: leads(2), onUpdate: portal.onUpdate });
    portal.protectedIds.add(product.idOf('p1'));
    await product.backfill();
    await retry(product);
    expect(await listed(product)).toMatchObject([{ record_id: product.idOf('p1'), occurrences: 2 }]);
  });

  test('and whose ID is named in the refusal of the whole batch costs one more call', async () => {
    const portal = portalWithRule((ids) => {
      const errors = ids.map((id) => ({ ...REFUSED, context: { ids: [id] } }));
      return { status: 400, body: { ...REFUSED, errors } };
    });
    const product = await openTestProduct({ dataset: leads(40), onUpdate: portal.onUpdate });
    portal.protectedIds.add(product.idOf('p3')).add(product.idOf('p30'));
    await product.backfill();
    expect(portal.calls).toBe(2);
    expect(await listed(product)).toHaveLength(2);
    const times = await timesWritten(product);
    expect([times.size, new Set(times.values())]).toEqual([38, new Set([1])]);
  });

  test.each([
    { size: 100, refused: ['p0'] },
    { size: 64, refused: ['p17', 'p18'] },
    { size: 37, refused: ['p0', 'p20', 'p36'] },
  ])('and is not named in the refusal of a batch of $size is found by halving the batch', async ({ size, refused }) => {
    const portal = portalWithRule(() => ({ status: 400, body: REFUSED }));
    const product = await openTestProduct({ dataset: leads(size), onUpdate: portal.onUpdate });
    for (const key of refused) portal.protectedIds.add(product.idOf(key));
    expect((await product.backfill()).state).toBe('done');
    expect(portal.calls - 1).toBeLessThanOrEqual(refused.length * 2 * Math.ceil(Math.log2(size)));
    const errors = await listed(product);
    expect(errors.map((error) => error.record_id).toSorted()).toEqual(refused.map(product.idOf).toSorted());
    const times = await timesWritten(product);
    expect([times.size, new Set(times.values())]).toEqual([size - refused.length, new Set([1])]);
    const before = portal.calls;
    await product.sync();
    expect(portal.calls).toBe(before);
  });
});

describe('a contact with a value that cannot be parsed', () => {
  test('is listed with the field and scored without it, until the value is corrected', async () => {
    const product = await openTestProduct({ dataset: leads(3) });
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
