import { describe, expect, test } from 'vitest';
import { pauseOnFailure } from '../../../jobs/failure-policy.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { leads } from '../../support/leads.ts';
import { openedProducts } from '../../support/opened-products.ts';
import { NOW, type TestProduct } from '../../support/product.ts';
import { expectInSync, timesWritten, warnings } from './assertions.ts';

const { open } = openedProducts();

const TOO_MANY = { status: 429, body: { status: 'error', message: 'You have reached your limit.' } };

describe('HubSpot says that it is asked too often', () => {
  test.each([
    { says: 'a number of seconds', headers: { 'retry-after': '7' }, waits: 7_000 },
    {
      says: 'an HTTP date',
      headers: {
        date: new Date(NOW.getTime() + 60_000).toUTCString(),
        'retry-after': new Date(NOW.getTime() + 80_000).toUTCString(),
      },
      waits: 20_000,
    },
    { says: 'nothing', headers: {}, waits: 10_000 },
  ])('and says $says: the writes wait so long, and every lead is written once', async ({ headers, waits }) => {
    const product = await open({ dataset: leads(5) });
    await product.faults({ match: { path: 'batch/update', times: 1 }, action: { ...TOO_MANY, headers } });
    expect((await product.backfill()).state).toBe('done');
    const [refused, taken, ...others] = await product.writes();
    expect([refused?.status, taken?.status, others.length]).toEqual([429, 200, 0]);
    const waited = Date.parse(taken?.at ?? '') - Date.parse(refused?.at ?? '');
    expect(waited).toBeGreaterThanOrEqual(waits);
    expect(waited).toBeLessThan(waits + 3_000);
    expect([...(await timesWritten(product)).values()]).toEqual([1, 1, 1, 1, 1]);
    expect(warnings(product)).toEqual([]);
    await expectInSync(product);
  });

  test('for longer than a call may wait: nothing at all is asked until then, and it goes on by itself', async () => {
    const product = await open({ dataset: leads(5) });
    const headers = { 'retry-after': '600' };
    await product.faults({ match: { path: 'batch/update', times: 1 }, action: { ...TOO_MANY, headers } });
    expect((await product.backfill()).state).toBe('running');
    const refused = (await product.log()).at(-1);
    expect(refused?.status).toBe(429);
    product.advanceClock(59_000);
    await product.poll();
    const [next] = await product.log(refused?.seq);
    expect(Date.parse(next?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(refused?.at ?? '') + 600_000);
    expect([...(await timesWritten(product)).values()]).toEqual([1, 1, 1, 1, 1]);
    await expectInSync(product);
  });

  const MIDNIGHT = Date.parse('2026-03-11T00:00:00Z');

  /** Half a day of ticks, one an hour: what the sandbox was asked meanwhile. */
  async function askedUntilEvening(product: TestProduct): Promise<number> {
    const before = (await product.log()).length;
    for (let hour = 1; hour < 11; hour++) {
      product.advanceClock(3_600_000);
      await product.poll();
    }
    return (await product.log()).length - before;
  }

  let needed: Promise<number> | undefined;
  /** How many calls setup and the first pull take on an undisturbed day. */
  function callsNeeded(): Promise<number> {
    needed ??= countCalls();
    return needed;
  }
  async function countCalls(): Promise<number> {
    const product = await open({ dataset: leads(5) });
    await product.backfill();
    return (await product.log()).length;
  }

  // The day ends while contacts or activities are read, just before the write, and when a fifth of it is left to other apps.
  test.each([
    { lacking: 8, share: 1 },
    { lacking: 4, share: 1 },
    { lacking: 1, share: 1 },
    { lacking: 0, share: 0.8 },
  ])(
    "that the day's calls are used up, $lacking before the end, $share of them ours: it rests until the reset, warns once, and loses or doubles no write",
    async ({ lacking, share }) => {
      const dayLimit = (await callsNeeded()) - lacking;
      const settings = { HUBSPOT_DAILY_QUOTA_SHARE: String(share) };
      const product = await open({ dataset: leads(5), sandbox: { dayLimit }, settings });
      expect((await product.backfill()).state).toBe('running');
      expect((await listPauses(product.context.db, ['hubspot'])).map(({ direction }) => direction)).toEqual([
        'read',
        'write',
      ]);
      expect(await askedUntilEvening(product)).toBe(0);
      expect(warnings(product)).toHaveLength(1);
      // Only who uses the day up is refused; one more call asks when it ends.
      const log = await product.log();
      expect(log.some(({ status }) => status === 429)).toBe(share === 1);
      if (share < 1) expect(log.length).toBeLessThanOrEqual(Math.ceil(dayLimit * share) + 1);
      // A day this small may not be enough for what is left, either.
      let days = 0;
      for (; (await listPauses(product.context.db, ['hubspot'])).length > 0 && days < 3; days++) {
        product.advanceClock(MIDNIGHT + days * 86_400_000 - product.clock.now().getTime() + 60_000);
        await product.poll();
      }
      expect(await listPauses(product.context.db, ['hubspot'])).toEqual([]);
      expect([...(await timesWritten(product)).values()]).toEqual([1, 1, 1, 1, 1]);
      expect(warnings(product)).toHaveLength(days);
      await expectInSync(product);
    },
  );

  test('and nothing is to be written: once it has read again, no halt is left', async () => {
    const product = await open({ dataset: leads(1) });
    const { context, clock } = product;
    const side = { crm: 'hubspot', direction: 'read' } as const;
    const spent = new ConnectorError({ kind: 'budget-spent', crm: 'hubspot', message: 'No calls left.' });
    const isOver = await pauseOnFailure(
      context,
      side,
      () => Promise.reject(spent),
      async () => {},
    );
    expect([isOver, (await listPauses(context.db, ['hubspot'])).length]).toEqual([false, 2]);
    clock.forwardTo(new Date(clock.now().getTime() + 3_600_001));
    const again = async () => {};
    await pauseOnFailure(context, side, async () => {}, again);
    expect(await listPauses(context.db, ['hubspot'])).toHaveLength(2);
    const connector = context.crms.get('hubspot')?.connector;
    await pauseOnFailure(context, side, async () => void (await connector?.describeAccount(context.signal)), again);
    expect(await listPauses(context.db, ['hubspot'])).toEqual([]);
  });
});
