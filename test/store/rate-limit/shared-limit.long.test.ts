// Two installations of the product on one database, as two worker processes have: together they stay within the limit of the
// portal, which the sandbox enforces, and use it.
import { expect, test } from 'vitest';
import { readConfig } from '../../../cli/product/config.ts';
import { openProduct } from '../../../cli/product/open-product.ts';
import { seededDataset } from '../../../sandbox/dataset/seeded.ts';
import { startHubSpotSandbox } from '../../../sandbox/hubspot/start.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { BACKEND } from '../../support/backends.ts';
import { crmActions } from '../../support/sandbox-crm.ts';
import { virtualTime } from '../../support/virtual-time.ts';

const START = Date.parse('2026-03-01T08:00:00Z');
/** Of HubSpot: calls of an app in any ten seconds. */
const [LIMIT, WINDOW_MS] = [190, 10_000];
const CALLS = 40;

test(`six callers in two processes use the rate limit of HubSpot for 12 s and get no 429 (${BACKEND.name})`, async () => {
  const time = virtualTime(START);
  const { env } = await BACKEND.create();
  const dataset = seededDataset({ contacts: 3, seed: 3, now: time.clock.now() });
  const sandbox = await startHubSpotSandbox({ port: 0, dataset, clock: time.clock });
  endWithTest(sandbox.close);
  const read = readConfig({ ...env, HUBSPOT_API_URL: sandbox.url, HUBSPOT_ACCESS_TOKEN: sandbox.accessToken });
  if ('problems' in read) throw new Error(read.problems);
  const silent = () => undefined;
  const retryOptions = { timeoutMs: 60_000, retries: 0, initialDelayMs: 1, maxThrottleWaitMs: 0 };
  const parts = {
    clock: time.clock,
    log: { info: silent, warn: silent, error: silent },
    timing: { wait: time.wait, retryOptions },
  };
  const products = [await openProduct(read.config, parts), await openProduct(read.config, parts)];
  for (const { close } of products) endWithTest(close);
  const callers = [...products, ...products, ...products].map(({ context }) => async () => {
    const refs = [{ object: 'contacts', id: '1' }];
    for (let calls = 0; calls < CALLS; calls++)
      await context.crms.get('hubspot')?.connector.fetchLeads(refs, context.signal);
  });
  await time.run(callers);

  const calls = await crmActions(sandbox, () => false).log();
  expect(calls.filter(({ status }) => status === 429)).toEqual([]);
  const times = calls.map(({ at }) => Date.parse(at) - START);
  const inWindow = (from: number) => times.filter((at) => at >= from && at < from + WINDOW_MS).length;
  // The first second starts from the limit of the smallest portals, until a response has told the portal's own.
  expect(inWindow(2_000)).toBeGreaterThanOrEqual(0.95 * LIMIT);
  expect(Math.max(...times.map(inWindow))).toBeLessThanOrEqual(LIMIT - 4);
});
