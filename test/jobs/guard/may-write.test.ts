// What a question to the guard costs, and which pending work makes its answer wait.
import { beforeAll, expect, test } from 'vitest';
import { mayWrite } from '../../../jobs/guard/may-write.ts';
import { COUNTED_CAUSES } from '../../../src/domain/limits/guard.ts';
import { holdWrites } from '../../../src/store/guard/holds.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';

let product: TestProduct;
beforeAll(async () => {
  product = await openTestProduct({ dataset: leads(120) });
  await product.backfill();
});

/** Makes all leads due for this reason, asks the guard, and makes none due. @returns its answer, and its statements */
async function askWhileDue(reason: string | null): Promise<{ readonly may: string; readonly statements: number }> {
  const { context, clock } = product;
  const due = (at: Date | null) => context.db.updateTable('leads').set({ due_at: at, due_reason: reason }).execute();
  if (reason !== null) await due(clock.now());
  let statements = 0;
  const db = context.db.withPlugin({
    transformQuery: ({ node }) => {
      statements++;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const may = await mayWrite({ ...context, db });
  await due(null);
  return { may, statements };
}

test('while nothing is held and nothing moved, the guard costs one statement', async () => {
  expect(await askWhileDue(null)).toEqual({ may: 'all', statements: 1 });
});

test.each(['model', 'threshold', 'first-threshold', 'first-threshold:a,b', 'data-found', 'merged', 'gone'])(
  'leads that are due for the reason %s are not waited for, as no move for it counts',
  async (reason) => {
    expect(await askWhileDue(reason)).toEqual({ may: 'all', statements: 1 });
  },
);

test.each(COUNTED_CAUSES.always)('leads that are due for the reason %s are waited for', async (reason) => {
  expect(await askWhileDue(reason)).toMatchObject({ may: 'urgent' });
});

test('a hold does not end between two leads that are scored again, and ends when the last one is scored', async () => {
  const { db } = product.context;
  await holdWrites(db, { moved: 60, leads: 120, message: 'They moved.' }, product.clock.now());
  const { id } = await db.selectFrom('leads').select('id').orderBy('id').executeTakeFirstOrThrow();
  await db
    .insertInto('guard_moves')
    .values({ lead_id: id, from_status: 'mql', moved_at: product.clock.now() })
    .execute();
  expect(await askWhileDue('data-found')).toMatchObject({ may: 'nothing' });
  expect(await askWhileDue(null)).toMatchObject({ may: 'all' });
  const [hold] = await db.selectFrom('guard_holds').select('ended_by').execute();
  expect(hold?.ended_by).toBe('leads still outside their bands: 1');
});
