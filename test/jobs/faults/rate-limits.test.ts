import { afterEach, describe, expect, test } from 'vitest';
import { allHalts } from '../../../src/store/halts.ts';
import { leads } from '../../support/leads.ts';
import { NOW, openTestProduct, type TestProduct, type TestProductOptions } from '../../support/product.ts';
import { expectSettled, timesWritten, warnings } from './oracle.ts';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

async function open(options: TestProductOptions): Promise<TestProduct> {
  const product = await openTestProduct(options);
  endings.push(product.close);
  return product;
}

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
    await expectSettled(product);
  });

  test('for longer than a call may wait: nothing at all is asked until then, and it goes on by itself', async () => {
    const product = await open({ dataset: leads(5) });
    const headers = { 'retry-after': '600' };
    await product.faults({ match: { path: 'batch/update', times: 1 }, action: { ...TOO_MANY, headers } });
    expect((await product.backfill()).state).toBe('running');
    const refused = (await product.log()).at(-1);
    expect(refused?.status).toBe(429);
    product.pass(59_000);
    await product.tick();
    const [next] = await product.log(refused?.seq);
    expect(Date.parse(next?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(refused?.at ?? '') + 600_000);
    expect([...(await timesWritten(product)).values()]).toEqual([1, 1, 1, 1, 1]);
    await expectSettled(product);
  });

  test("that the day's calls are used up: it parks until the reset, warns once, and loses or doubles no write", async () => {
    const product = await open({ dataset: leads(5), sandbox: { dayLimit: 30 } });
    await product.backfill();
    let rounds = 0;
    // What uses up the day: a lead that visits again and again.
    for (; warnings(product).length === 0 && rounds < 10; rounds++) {
      const visit = { contactId: product.idOf('p1'), type: 'form_submission', attributes: { form: 'demo' } };
      await product.control('POST', 'activities', visit);
      await product.round();
    }
    expect(rounds).toBeLessThan(10);
    const refused = (await product.log()).filter(({ status }) => status === 429).length;
    for (let hour = 1; hour < 12; hour++) {
      product.pass(3_600_000);
      await product.tick();
    }
    const asked = (await product.log()).filter(({ status }) => status === 429).length - refused;
    // Once an hour it is seen whether the day is over, on each side; HubSpot does not always say when that will be.
    expect(asked).toBeLessThanOrEqual(12 * 4);
    expect(warnings(product).length).toBeLessThanOrEqual(2);
    product.pass(2 * 3_600_000);
    await product.settle();
    expect(await allHalts(product.context.db)).toEqual([]);
    expect((await product.contact(product.idOf('p1'))).properties.leadgrade_status).toBe('hot');
    await expectSettled(product);
  });
});
