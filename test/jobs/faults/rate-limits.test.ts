import { describe, expect, test } from 'vitest';
import { pauseOnFailure } from '../../../jobs/failure-policy.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { listPauses } from '../../../src/store/sync/crm-pauses.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { NOW } from '../../support/running-product.ts';
import { expectInSync, timesWritten, warnings } from './assertions.ts';

const TOO_MANY = { status: 429, body: { status: 'error', message: 'You have reached your limit.' } };

describe('when HubSpot answers 429', () => {
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
  ])('with $says as Retry-After, writes wait that long, and every lead is written once', async ({ headers, waits }) => {
    const product = await openTestProduct({ dataset: leads(5) });
    await product.faults({ match: { path: 'batch/update', times: 1 }, action: { ...TOO_MANY, headers } });
    expect((await product.backfill()).state).toBe('done');
    const [refused, accepted, ...others] = await product.writes();
    expect([refused?.status, accepted?.status, others.length]).toEqual([429, 200, 0]);
    const waited = Date.parse(accepted?.at ?? '') - Date.parse(refused?.at ?? '');
    expect(waited).toBeGreaterThanOrEqual(waits);
    expect(waited).toBeLessThan(waits + 3_000);
    expect([...(await timesWritten(product)).values()]).toEqual([1, 1, 1, 1, 1]);
    expect(warnings(product)).toEqual([]);
    await expectInSync(product);
  });

  test('for longer than a call may wait, no call is made until then, and the run continues by itself', async () => {
    const product = await openTestProduct({ dataset: leads(5) });
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

  /** Polls once an hour for ten hours. Returns the number of calls made. */
  async function callsUntilEvening(product: TestProduct): Promise<number> {
    const before = (await product.log()).length;
    for (let hour = 1; hour < 11; hour++) {
      product.advanceClock(3_600_000);
      await product.poll();
    }
    return (await product.log()).length - before;
  }

  let needed: Promise<number> | undefined;
  /** The number of calls of setup and first sync without faults. */
  function callsNeeded(): Promise<number> {
    needed ??= countCalls();
    return needed;
  }
  async function countCalls(): Promise<number> {
    const product = await openTestProduct({ dataset: leads(5) });
    await product.backfill();
    return (await product.log()).length;
  }

  // The quota is used up while contacts or activities are read, just before the write, and at 80 %
  // with a share of 0.8.
  test.each([
    { lacking: 8, share: 1 },
    { lacking: 4, share: 1 },
    { lacking: 1, share: 1 },
    { lacking: 0, share: 0.8 },
  ])(
    'because the daily quota is used up $lacking calls before the end (share $share), calls stop until the reset, one warning is logged, and each lead is written once',
    async ({ lacking, share }) => {
      const dayLimit = (await callsNeeded()) - lacking;
      const callsForOthers = `${100 - 100 * share}%`;
      const product = await openTestProduct({ dataset: leads(5), sandbox: { dayLimit }, callsForOthers });
      expect((await product.backfill()).state).toBe('running');
      expect((await listPauses(product.context.db, ['hubspot'])).map(({ direction }) => direction)).toEqual([
        'read',
        'write',
      ]);
      expect(await callsUntilEvening(product)).toBe(0);
      expect(warnings(product)).toHaveLength(1);
      // With a share below 1 no call is refused; one more call asks when the quota is reset.
      const log = await product.log();
      expect(log.some(({ status }) => status === 429)).toBe(share === 1);
      if (share < 1) expect(log.length).toBeLessThanOrEqual(Math.ceil(dayLimit * share) + 1);
      // A quota this small may not be enough for the remaining work either.
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

  test('and nothing is left to write, the pauses of both directions end with the first call that succeeds', async () => {
    const product = await openTestProduct({ dataset: leads(1) });
    const { context, clock } = product;
    const target = { crm: 'hubspot', direction: 'read' } as const;
    const spent = new ConnectorError({ kind: 'budget-spent', crm: 'hubspot', message: 'No calls left.' });
    const isDone = await pauseOnFailure(
      context,
      target,
      () => Promise.reject(spent),
      async () => {},
    );
    expect([isDone, (await listPauses(context.db, ['hubspot'])).length]).toEqual([false, 2]);
    clock.forwardTo(new Date(clock.now().getTime() + 3_600_001));
    const retryLater = async () => {};
    await pauseOnFailure(context, target, async () => {}, retryLater);
    expect(await listPauses(context.db, ['hubspot'])).toHaveLength(2);
    const connector = context.crms.get('hubspot')?.connector;
    await pauseOnFailure(
      context,
      target,
      async () => void (await connector?.describeAccount(context.signal)),
      retryLater,
    );
    expect(await listPauses(context.db, ['hubspot'])).toEqual([]);
  });
});
