import { describe, expect, test } from 'vitest';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import {
  askForDemo,
  expectInSync,
  leadOf,
  logEnd,
  openOrg,
  pollFor,
  timesWritten,
  warnings,
} from './salesforce-assertions.ts';

const TOO_MANY = { status: 429, body: [{ errorCode: 'TOO_MANY_REQUESTS', message: 'Slow down.' }] };
const QUARTER = 15;

describe('when Salesforce answers 429', () => {
  test.each([
    { says: 'a number of seconds', headers: { 'retry-after': '40' }, waits: 40_000 },
    { says: 'nothing', headers: {}, waits: 10_000 },
  ])('with $says as Retry-After, writes wait that long, and every lead is written once', async ({ headers, waits }) => {
    const product = await openOrg();
    await product.faults({ match: { path: 'composite/sobjects', times: 1 }, action: { ...TOO_MANY, headers } });
    expect((await product.backfill()).state).toBe('running');
    const refusedAt = product.clock.now().getTime();
    expect(await listPauses(product.context.db, ['salesforce'])).toMatchObject([
      { direction: 'write', error_kind: 'rate-limited' },
    ]);
    product.advanceClock(waits - 1_500);
    await product.poll();
    expect(await product.writes()).toHaveLength(1);
    product.advanceClock(waits - (product.clock.now().getTime() - refusedAt) + 1);
    await product.runUntilIdle();
    expect(new Set((await timesWritten(product)).values())).toEqual(new Set([1]));
    expect(warnings(product)).toHaveLength(1);
    await expectInSync(product);
  });
});

describe('when the API quota of the org', () => {
  test('is used up by other apps, both directions pause, one warning is logged, and no work is lost', async () => {
    const product = await openOrg();
    await product.backfill();
    await product.control('PUT', 'api-usage', { used: 100_000 });
    const p1 = leadOf(product, 'p1');
    await askForDemo(product, p1);
    const before = await logEnd(product);
    await pollFor(product, 2 * 60);
    expect(
      (await listPauses(product.context.db, ['salesforce'])).map(({ direction, error_kind }) => [
        direction,
        error_kind,
      ]),
    ).toEqual([
      ['read', 'budget-spent'],
      ['write', 'budget-spent'],
    ]);
    // One call per quarter of an hour checks the quota.
    expect((await product.log(before)).length).toBeLessThanOrEqual((2 * 60) / QUARTER + 1);
    expect(warnings(product)).toHaveLength(1);
    await product.control('PUT', 'api-usage', { used: 50 });
    await pollFor(product, QUARTER + 1);
    expect(await listPauses(product.context.db, ['salesforce'])).toEqual([]);
    expect(await timesWritten(product, before)).toEqual(new Map([[p1, 1]]));
    await expectInSync(product);
  });

  test('is down to the share of other apps, both directions pause, and no call is refused', async () => {
    const product = await openOrg();
    await product.backfill();
    await product.control('PUT', 'api-usage', { used: 85_000 });
    const p1 = leadOf(product, 'p1');
    await askForDemo(product, p1);
    const before = await logEnd(product);
    await pollFor(product, 60);
    const calls = await product.log(before);
    expect(calls.length).toBeLessThanOrEqual(60 / QUARTER + 1);
    expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
    expect(warnings(product)).toHaveLength(1);
    await product.control('PUT', 'api-usage', { used: 50 });
    await pollFor(product, QUARTER + 1);
    expect(await timesWritten(product, before)).toEqual(new Map([[p1, 1]]));
    await expectInSync(product);
  });

  test('is used up during the first sync or its write, each lead is still written once', async () => {
    const twin = await openOrg();
    await twin.backfill();
    const needed = (await twin.log()).filter(({ path }) => path.startsWith('/services/data')).length;
    for (const lacking of [1, 5]) {
      const product = await openOrg({ sandbox: { dayLimit: needed - lacking }, callsForOthers: '0%' });
      expect((await product.backfill()).state).toBe('running');
      await pollFor(product, 2 * QUARTER);
      expect(warnings(product)).toHaveLength(1);
      await product.control('PUT', 'api-usage', { used: 0 });
      await pollFor(product, QUARTER + 1);
      expect(new Set((await timesWritten(product)).values())).toEqual(new Set([1]));
      expect((await timesWritten(product)).size).toBe(6);
      await product.control('PUT', 'api-usage', { used: 0 });
      await expectInSync(product);
    }
  });
});
