import { describe, expect, test } from 'vitest';
import { BACKEND } from '../../support/backends.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProductOptions } from '../../support/product.ts';
import { NOW } from '../../support/running-product.ts';
import { expectInSync, logEnd, scores, timesWritten, warnings } from './assertions.ts';

/** The scores of the same portal without faults. */
async function faultFree(options: TestProductOptions = {}): Promise<object> {
  const twin = await openTestProduct(options);
  await twin.backfill();
  return scores(twin);
}

const DOWN = { status: 503, body: { status: 'error', message: 'There was a problem.' } };
const MINUTE = 60_000;

describe('while HubSpot is down', () => {
  test.each([1, 60])(
    'for %i minute(s) during the first sync, calls are retried every 15 s, and the sync then continues by itself',
    async (minutes) => {
      const dataset = leads(30);
      const product = await openTestProduct({ dataset });
      await product.faults({ match: { path: 'account-info|meetings' }, action: DOWN });
      expect((await product.backfill()).state).toBe('running');
      const before = await logEnd(product);
      for (let passed = 0; passed < minutes * MINUTE; passed += 15_000) {
        product.advanceClock(15_001);
        await product.runUntilIdle();
      }
      const calls = (await product.log(before)).length;
      expect(calls).toBeGreaterThanOrEqual(minutes * 4);
      // One call and its retries every 15 seconds.
      // The account is asked for, too: the outage is not that of one stream.
      expect(calls).toBeLessThanOrEqual(minutes * 4 * 4);
      expect(warnings(product)).toHaveLength(1);
      await product.faults();
      product.advanceClock(15_001);
      await product.runUntilIdle();
      const runs = await product.context.db.selectFrom('runs').select(['job', 'state', 'error']).execute();
      expect(runs).toEqual([{ job: 'backfill', state: 'done', error: null }]);
      expect(new Set((await timesWritten(product)).values())).toEqual(new Set([1]));
      expect(await scores(product)).toEqual(await faultFree({ dataset }));
      await expectInSync(product);
    },
  );

  test('for writes only, reading and scoring continue, and the newest result is written afterwards', async () => {
    const product = await openTestProduct({ dataset: leads(4) });
    await product.faults({ match: { path: 'batch/update' }, action: DOWN });
    await product.backfill();
    const p1 = product.idOf('p1');
    await product.control('POST', 'activities', {
      contactId: p1,
      type: 'form_submission',
      attributes: { form: 'demo' },
    });
    await product.sync();
    const results = await product.context.db.selectFrom('results').select(['status']).orderBy('id').execute();
    expect(results.map(({ status }) => status)).toEqual(['engaged', 'engaged', 'engaged', 'engaged', 'hot']);
    await product.faults();
    product.advanceClock(MINUTE);
    await product.runUntilIdle();
    expect((await product.contact(p1)).properties.leadgrade_status).toBe('hot');
    expect([...(await timesWritten(product)).values()]).toEqual([1, 1, 1, 1]);
    await expectInSync(product);
  });

  test.each([
    { what: 'a 502 of a gateway, in HTML', action: { status: 502, body: '<html>Bad Gateway</html>' } },
    { what: 'a 200 without JSON', action: { status: 200, body: '<html>Sorry</html>' } },
    { what: 'a 423 because of another writer', action: { status: 423, body: { status: 'error', message: 'locked' } } },
    { what: 'a reset connection', action: { reset: true } },
    { what: 'headers without a body', action: { hangAfterHeaders: true } },
  ])('and responds with $what, each lead is written once afterwards', async ({ action }) => {
    const product = await openTestProduct({
      dataset: leads(3),
      retryOptions: { timeoutMs: 300, maxThrottleWaitMs: 1_000 },
    });
    await product.faults({ match: { path: 'batch/update', times: 2 }, action });
    await product.backfill();
    product.advanceClock(15_001);
    await product.runUntilIdle();
    product.advanceClock(15_001);
    await product.runUntilIdle();
    expect([...(await timesWritten(product)).values()]).toEqual([1, 1, 1]);
    await expectInSync(product);
  });
});

describe('when HubSpot applies a write and its response is lost', () => {
  test.each([
    { what: 'in a timeout', action: { applyThenHang: true }, times: 1 },
    { what: 'in a connection reset', action: { applyThenReset: true }, times: 1 },
    { what: 'in four connection resets', action: { applyThenReset: true }, times: 4 },
  ])('$what, the same values are written again, and the history has one change', async ({ action, times }) => {
    const product = await openTestProduct({ dataset: leads(3), retryOptions: { timeoutMs: 300 } });
    await product.faults({ match: { path: 'batch/update', times }, action });
    await product.backfill();
    for (let attempt = 0; attempt < times; attempt++) {
      product.advanceClock(15_001);
      await product.runUntilIdle();
    }
    const writes = await product.writes();
    expect(writes).toHaveLength(times + 1);
    for (const write of writes) expect(write.writes).toEqual(writes[0]?.writes);
    const results = await product.context.db.selectFrom('results').select('lead_id').execute();
    expect(results).toHaveLength(3);
    await expectInSync(product);
  });
});

describe(`a worker on ${BACKEND.name}`, () => {
  const { create } = BACKEND;
  test('writes the same scores despite a hang, a rate limit, an outage and a reset', async () => {
    const { env } = await create();
    const options = { people: 40, now: NOW };
    const product = await openTestProduct({
      ...options,
      env,
      queue: true,
      retryOptions: { timeoutMs: 500, retries: 3 },
    });
    await product.faults(
      { match: { path: 'batch/update', nth: 1, times: 1 }, action: { applyThenHang: true } },
      { match: { path: 'batch/update', nth: 2, times: 1 }, action: { status: 429, headers: { 'retry-after': '9' } } },
      { match: { path: 'meetings', times: 2 }, action: DOWN },
      { match: { path: 'companies', nth: 1 }, action: { status: 502, body: '<html>Bad Gateway</html>' } },
      { match: { path: 'submissions', nth: 3, times: 1 }, action: { reset: true } },
    );
    expect((await product.backfill()).state).toBe('done');
    expect((await product.sync()).state).toBe('done');
    expect(warnings(product)).toEqual([]);
    expect(await scores(product)).toEqual(await faultFree(options));
    await expectInSync(product);
  });
});
