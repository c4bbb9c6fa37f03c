// What a question to the guard costs, and which pending work makes its answer wait.
import { beforeAll, expect, test } from 'vitest';
import { mayWrite } from '../../../jobs/guard/may-write.ts';
import { COUNTED_CAUSES } from '../../../src/domain/limits/guard.ts';
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
