// The delivery of webhooks: batches, retries, disorder, outages and bursts.
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { people, startTestSandbox, type TestSandbox } from '../sandbox-under-test.ts';
import { allSubscriptions } from './all-subscriptions.ts';
import { type Receiver, startReceiver } from './webhook-receiver.ts';

const subscriptions = allSubscriptions({ contact: ['phone'] });

let sandbox: TestSandbox;
let receiver: Receiver;

async function start(settings: object = {}, ...respond: Parameters<typeof startReceiver>) {
  receiver = await startReceiver(...respond);
  sandbox = await startTestSandbox({
    dataset: people(50),
    webhooks: { targetUrl: receiver.url, subscriptions, retryMs: 1, timeoutMs: 60_000, ...settings },
  });
}

const burst = (events: number, settings: object = {}) =>
  sandbox.control('POST', '/webhooks/burst', { events, ...settings });
const status = async () => (await sandbox.control('GET', '/webhooks')).body;
async function untilStatus(expected: object) {
  const end = performance.now() + 60_000;
  for (;;) {
    const now = await status();
    if (Object.entries(expected).every(([name, value]) => now[name] === value)) return now;
    if (performance.now() > end) throw new Error(`the status stays at ${JSON.stringify({ ...now, deliveries: [] })}`);
    await wait(20);
  }
}
async function untilDeliveries(count: number) {
  while ((await status()).deliveries.length < count) await wait(20);
}
const values = () => receiver.events().map(({ propertyValue }) => propertyValue);

test('a burst changes all contacts with the source IMPORT, in batches of 100 and at most ten concurrent requests', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await start({}, async (res) => {
    await released;
    res.end();
  });
  expect((await burst(5_050)).body).toEqual({ events: 5050, contacts: 50 });
  await untilStatus({ sent: 5050, inFlight: 10, delivered: 0 });
  await receiver.until(() => receiver.requests.length === 10);
  release();
  await untilStatus({ sent: 5050, delivered: 5050, waiting: 0, inFlight: 0, failed: 0 });
  expect(receiver.maxConcurrent).toBe(10);
  // On a slow machine, fewer batches are full: events reach the maximum wait first.
  expect(receiver.requests.length).toBeLessThan(100);
  expect(Math.max(...receiver.requests.map(({ events }) => events.length))).toBe(100);
  expect(new Set(values()).size).toBe(5050);
  expect(new Set(receiver.events().map(({ changeSource }) => changeSource))).toEqual(new Set(['IMPORT']));
  expect(new Set(receiver.events().map(({ objectId }) => objectId)).size).toBe(50);
  const { body } = await sandbox.control('GET', `/contacts/${sandbox.id(49)}`);
  expect(values()).toContain(body.properties.phone);
});

test('a burst can be limited to some contacts and to a rate', async () => {
  await start();
  const started = performance.now();
  await burst(100, { contacts: 2, perSecond: 200, source: 'CRM_UI' });
  await untilStatus({ delivered: 100 });
  expect(performance.now() - started).toBeGreaterThan(400);
  expect(new Set(receiver.events().map(({ objectId }) => objectId)).size).toBe(2);
});

test('the number of concurrent webhook requests is limited by the settings', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await start({ maxConcurrentRequests: 2 }, async (res) => {
    await released;
    res.end();
  });
  await burst(1_000);
  await untilStatus({ sent: 1000, inFlight: 2, delivered: 0 });
  release();
  await untilStatus({ delivered: 1000 });
  expect(receiver.maxConcurrent).toBe(2);
});

test.each([401, 500, 301])(
  'a webhook request that gets a %s is retried with a higher attempt number and a new signature',
  async (code) => {
    await start({}, (res, _request, nth) => {
      res.writeHead(nth <= 2 ? code : 204, { location: '/elsewhere' }).end();
    });
    await burst(3);
    await untilStatus({ delivered: 3, failed: 0 });
    expect(receiver.requests.map(({ events }) => events.map(({ attemptNumber }) => attemptNumber))).toEqual([
      [0, 0, 0],
      [1, 1, 1],
      [2, 2, 2],
    ]);
    expect(new Set(receiver.requests.map(({ headers }) => headers['x-hubspot-signature-v3'])).size).toBe(3);
    expect((await status()).deliveries).toEqual([
      { at: expect.any(String), status: code, events: 3, attempt: 0 },
      { at: expect.any(String), status: code, events: 3, attempt: 1 },
      { at: expect.any(String), status: 204, events: 3, attempt: 2 },
    ]);
  },
);

test('a webhook request fails for good after ten retries', async () => {
  await start({ retryMs: 0.01 }, (res) => res.writeHead(404).end());
  await burst(1);
  expect((await untilStatus({ failed: 1 })).waiting).toBe(0);
  expect(receiver.events().map(({ attemptNumber }) => attemptNumber)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a webhook request is retried after a response timeout and after a broken connection', async () => {
  await start({ timeoutMs: 2_000 }, (res, _request, nth) => {
    if (nth === 1) res.flushHeaders();
    else if (nth === 2) res.socket?.resetAndDestroy();
    else res.end();
  });
  await burst(1);
  const { deliveries } = await untilStatus({ delivered: 1 });
  expect(deliveries.map(({ status: code }: { status: unknown }) => code)).toEqual([null, null, 200]);
});

test('a webhook target that is down receives all events once it is up', async () => {
  await start();
  await receiver.close();
  await burst(10);
  await untilDeliveries(1);
  receiver = await startReceiver();
  await sandbox.control('PUT', '/webhooks', { targetUrl: receiver.url, subscriptions, retryMs: 1, timeoutMs: 60_000 });
  await untilStatus({ delivered: 10, failed: 0 });
  expect(receiver.events()[0]!.attemptNumber).toBeGreaterThan(0);
});

test('no webhook arrives during an outage, and all arrive afterwards', async () => {
  await start({ retryMs: 20 });
  await sandbox.control('POST', '/webhooks/outage', { ms: 600_000 });
  await burst(250);
  await untilStatus({ sent: 250 });
  await untilDeliveries(3);
  expect(await status()).toMatchObject({ delivered: 0, waiting: 250, failed: 0 });
  expect(receiver.requests).toHaveLength(0);
  await sandbox.control('POST', '/webhooks/outage', { ms: 1 });
  const { deliveries } = await untilStatus({ delivered: 250, failed: 0 });
  expect(deliveries[0].status).toBeNull();
  expect(new Set(values()).size).toBe(250);
});

test('with duplicates, a share of the webhook events is sent twice, unchanged', async () => {
  await start({ duplicates: 0.2 });
  await burst(1_000);
  await receiver.until(() => new Set(values()).size === 1000);
  const { sent } = await untilStatus({ waiting: 0 });
  expect(sent).toBeGreaterThan(1_100);
  expect(sent).toBeLessThan(1_300);
  expect(receiver.events()).toHaveLength(sent);
  expect(new Set(receiver.events().map((event) => JSON.stringify(event))).size).toBe(1000);
});

test('with disorder, webhook events change order and batch, and the same seed gives the same order', async () => {
  const orders: string[][] = [];
  for (let run = 0; run < 2; run++) {
    await start({ disorder: true, maxConcurrentRequests: 1, seed: 3 });
    await burst(400);
    await untilStatus({ delivered: 400 });
    orders.push(values());
    if (run === 0) await sandbox.close().then(receiver.close);
  }
  const [order = []] = orders;
  expect(orders[1]).toEqual(order);
  const numbers = order.map((value) => Number(value.split(', ')[1]));
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, at) => at));
  const fromElsewhere = numbers.filter((number, at) => Math.floor(number / 100) !== Math.floor(at / 100));
  expect(fromElsewhere.length).toBeGreaterThan(100);
});

test('without disorder and with one request at a time, webhook events arrive in order', async () => {
  await start({ maxConcurrentRequests: 1 });
  await burst(350);
  await untilStatus({ delivered: 350 });
  expect(values().map((value) => Number(value.split(', ')[1]))).toEqual(Array.from({ length: 350 }, (_, at) => at));
});

test('closing the sandbox aborts webhook requests in flight and ends a burst', async () => {
  let aborted = 0;
  await start({ retryMs: 60_000 }, (res, _request, nth) => {
    res.on('close', () => {
      aborted += 1;
    });
    if (nth === 1) res.writeHead(500).end();
  });
  await burst(1_000_000, { perSecond: 10_000 });
  await receiver.until(() => receiver.requests.length === 11);
  const started = performance.now();
  await sandbox.close();
  expect(performance.now() - started).toBeLessThan(10_000);
  await receiver.until(() => aborted === 11);
  await wait(50);
  expect(receiver.requests).toHaveLength(11);
});
