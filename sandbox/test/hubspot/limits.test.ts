// Rolling rate-limit windows, the daily quota, and their headers.
import { expect, test } from 'vitest';
import { startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;

const details = () => sandbox.call('GET', '/account-info/2026-03/details');
const search = () => sandbox.call('POST', '/crm/objects/2026-03/contacts/search', { limit: 10 });
async function statuses(count: number, call: () => Promise<{ status: number }>): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let at = 0; at < count; at++) {
    const { status } = await call();
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

test.each([
  ['free', 100],
  ['pro', 190],
  ['enterprise', 190],
] as const)('a %s account can make %i calls in any ten seconds', async (tier, limit) => {
  sandbox = await startTestSandbox({ tier });
  expect(await statuses(limit + 2, details)).toEqual({ 200: limit, 429: 2 });
});

test('the rate-limit window is rolling: calls late in one window still count early in the next', async () => {
  sandbox = await startTestSandbox({ tier: 'free' });
  sandbox.advanceClock(9_000);
  expect(await statuses(60, details)).toEqual({ 200: 60 });
  sandbox.advanceClock(2_000);
  expect(await statuses(60, details)).toEqual({ 200: 40, 429: 20 });
  sandbox.advanceClock(7_999);
  expect(await statuses(1, details)).toEqual({ 429: 1 });
  sandbox.advanceClock(1);
  expect(await statuses(61, details)).toEqual({ 200: 60, 429: 1 });
});

test("a rate-limited call gets HubSpot's 429 body with the name of the limit", async () => {
  sandbox = await startTestSandbox({ tier: 'free' });
  await statuses(100, details);
  const { status, body, headers } = await details();
  expect(status).toBe(429);
  expect(body).toEqual({
    status: 'error',
    errorType: 'RATE_LIMIT',
    message: 'You have reached your ten_secondly_rolling limit.',
    policyName: 'TEN_SECONDLY_ROLLING',
    groupName: `publicapi:private_app-api-calls-ten-secondly:${sandbox.appId}:${sandbox.portalId}`,
    correlationId: headers.get('x-hubspot-correlation-id'),
  });
  expect(headers.get('retry-after')).toBeNull();
  expect(headers.get('x-hubspot-ratelimit-remaining')).toBe('0');
});

test('search has its own limit of five calls in any second, and its own 429 body', async () => {
  sandbox = await startTestSandbox();
  expect(await statuses(6, search)).toEqual({ 200: 5, 429: 1 });
  const { body } = await search();
  expect(body).toEqual({
    status: 'error',
    message: 'You have reached your secondly limit.',
    category: 'RATE_LIMITS',
    correlationId: expect.any(String),
  });
  expect((await details()).headers.get('x-hubspot-ratelimit-remaining')).toBe('189');
  sandbox.advanceClock(1000);
  expect(await statuses(6, search)).toEqual({ 200: 5, 429: 1 });
});

test('search responses have the daily rate-limit headers only, and all other responses have all of them', async () => {
  sandbox = await startTestSandbox();
  const names = ({ headers }: { headers: Headers }) =>
    [...headers.keys()].filter((name) => name.startsWith('x-hubspot-ratelimit-')).map((name) => name.slice(20));
  expect(names(await search())).toEqual(['daily', 'daily-remaining']);
  const other = await details();
  expect(names(other)).toEqual([
    ...['daily', 'daily-remaining', 'interval-milliseconds', 'max', 'remaining', 'secondly', 'secondly-remaining'],
  ]);
  expect(other.headers.get('x-hubspot-ratelimit-max')).toBe('190');
  expect(other.headers.get('content-type')).toBe('application/json;charset=utf-8');
});

test('an exhausted daily quota resets at midnight UTC, not earlier', async () => {
  sandbox = await startTestSandbox({ dayLimit: 3 });
  const usage = await sandbox.call('GET', '/account-info/2026-03/api-usage/daily/private-apps');
  expect(usage.body.results[0]).toMatchObject({ usageLimit: 3, currentUsage: 1, resetsAt: '2026-03-11T00:00:00.000Z' });
  expect(await statuses(2, details)).toEqual({ 200: 2 });
  sandbox.advanceClock(60_000);
  const { status, body } = await details();
  expect(status).toBe(429);
  expect(body).toEqual({
    status: 'error',
    errorType: 'RATE_LIMIT',
    message: 'You have reached your daily limit.',
    policyName: 'DAILY',
    requestId: expect.any(String),
    correlationId: expect.any(String),
  });
  sandbox.advanceClock(12 * 3_600_000);
  expect((await details()).status).toBe(200);
});
