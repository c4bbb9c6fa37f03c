// Login, token expiry and the API quota of an org.
import { createSign, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestOrg, type TestOrg, V } from './sandbox-under-test.ts';

let org: TestOrg;
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const JWT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
beforeAll(async () => {
  org = await startTestOrg({ certificate: publicKey.export({ type: 'spki', format: 'pem' }).toString() });
});
afterAll(() => org.close());

const limits = () => org.call('GET', '/limits');

function assertion(changes: object = {}, key = privateKey, alg = 'RS256'): Record<string, string> {
  const claims = { iss: org.clientId, sub: org.username, aud: org.url, exp: org.now() / 1000 + 120, ...changes };
  const parts = [{ alg }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = createSign('RSA-SHA256').update(parts).sign(key).toString('base64url');
  return { grant_type: JWT, assertion: `${parts}.${signature}` };
}

test('client credentials give a valid token with the org address and the identity', async () => {
  const { status, body } = await org.login();
  expect(status).toBe(200);
  expect(body).toMatchObject({ instance_url: org.url, token_type: 'Bearer', id: expect.stringContaining(org.orgId) });
  const response = await org.send('GET', `${V}/limits`, undefined, { authorization: `Bearer ${body.access_token}` });
  expect(response.body.DailyApiRequests.Max).toBe(100_000);
});

test.each([
  ['an unknown client', { client_id: 'x' }, 'invalid_client_id', 'client identifier invalid'],
  ['a wrong secret', { client_secret: 'x' }, 'invalid_client', 'invalid client credentials'],
  ['an unknown grant', { grant_type: 'magic' }, 'unsupported_grant_type', 'grant type not supported'],
  ['a password', { grant_type: 'password', username: 'a', password: 'b' }, 'invalid_grant', 'authentication failure'],
])('a login with %s is rejected', async (_name, changes, error, error_description) => {
  const good = { grant_type: 'client_credentials', client_id: org.clientId, client_secret: org.clientSecret };
  expect(await org.login({ ...good, ...changes })).toMatchObject({ status: 400, body: { error, error_description } });
});

test('client credentials without a run-as user are rejected', async () => {
  await org.control('PUT', '/app', { hasRunAs: false });
  expect((await org.login()).body.error_description).toBe('no client credentials user enabled');
  await org.control('PUT', '/app', { hasRunAs: true });
});

describe('a signed assertion', () => {
  test('gives a token for the org and for the login server', async () => {
    expect(await org.login(assertion())).toMatchObject({ status: 200, body: { instance_url: org.url } });
    expect((await org.login(assertion({ aud: 'https://login.salesforce.com' }))).status).toBe(200);
  });

  test.each([
    ['signed with another key', () => assertion({}, otherKeys.privateKey), 'invalid_grant', 'invalid assertion'],
    [
      'unsigned',
      () => ({ grant_type: JWT, assertion: `${assertion().assertion!.split('.', 2).join('.')}.` }),
      'invalid_grant',
      'invalid assertion',
    ],
    ['with another algorithm', () => assertion({}, privateKey, 'none'), 'invalid_grant', 'invalid assertion'],
    [
      'for another server',
      () => assertion({ aud: 'https://test.salesforce.com' }),
      'invalid_grant',
      'audience is invalid',
    ],
    ['that has expired', () => assertion({ exp: org.now() / 1000 }), 'invalid_grant', 'expired authorization code'],
    ['that lasts too long', () => assertion({ exp: org.now() / 1000 + 181 }), 'invalid_grant', 'invalid assertion'],
    ['of another user', () => assertion({ sub: 'x@y.example' }), 'invalid_grant', "user hasn't approved this consumer"],
    ['of another app', () => assertion({ iss: 'x' }), 'invalid_client_id', 'client identifier invalid'],
  ])('%s is rejected', async (_name, form, error, error_description) => {
    expect(await org.login(form())).toMatchObject({ status: 400, body: { error, error_description } });
  });

  test('is rejected if the user is not preauthorized, or the app has no certificate', async () => {
    await org.control('PUT', '/app', { preauthorized: false });
    expect((await org.login(assertion())).body.error_description).toBe("user hasn't approved this consumer");
    await org.control('PUT', '/app', { preauthorized: true, certificate: null });
    expect((await org.login(assertion())).body.error_description).toBe('invalid assertion');
  });
});

describe('an access token', () => {
  const sessionError = [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }];

  test('expires two hours after its last use', async () => {
    await limits();
    org.advanceClock(7_100_000);
    expect((await limits()).status).toBe(200);
    org.advanceClock(7_100_000);
    expect((await limits()).status).toBe(200);
    org.advanceClock(7_200_000);
    const late = await limits();
    expect(late).toMatchObject({ status: 401, body: sessionError });
    expect(late.headers.get('sforce-limit-info')).toBeNull();
    expect((await limits()).status).toBe(200);
  });

  test('can be expired by the control API, for all issued tokens or for all new ones', async () => {
    await org.control('POST', '/tokens/expire');
    expect(await limits()).toMatchObject({ status: 401, body: sessionError });
    await org.control('PUT', '/tokens', { minutes: 0 });
    expect([(await limits()).status, (await limits()).status]).toEqual([401, 401]);
    await org.control('PUT', '/tokens', { minutes: 120 });
  });

  test('is required for every call', async () => {
    expect((await org.send('GET', `${V}/limits`)).body[0].errorCode).toBe('INVALID_AUTH_HEADER');
  });
});

test('the calls of 24 hours are counted in a header, and rejected above the limit', async () => {
  await org.control('PUT', '/api-usage', { used: 2, limit: 4 });
  const used = [await limits(), await limits(), await limits()];
  expect(used.map(({ headers }) => headers.get('sforce-limit-info'))).toEqual([
    ...['api-usage=3/4', 'api-usage=4/4', 'api-usage=4/4'],
  ]);
  expect(used[2]).toMatchObject({
    status: 403,
    body: [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }],
  });
  org.advanceClock(86_400_000);
  await limits();
  expect((await limits()).body.DailyApiRequests).toEqual({ Max: 4, Remaining: 3 });
  await org.control('PUT', '/api-usage', { used: 0, limit: 100_000 });
});

test('a request is rejected before it is counted if its URL, or URL and headers together, exceed 16,384 bytes', async () => {
  const long = await org.call('GET', `/query?q=${'x'.repeat(16_384)}`);
  expect([long.status, long.body]).toEqual([414, '<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>']);
  const heavy = await org.call('GET', `/query?q=${'x'.repeat(15_000)}`, undefined, { 'x-padding': 'y'.repeat(1_500) });
  expect([heavy.status, heavy.headers.get('sforce-limit-info')]).toEqual([431, null]);
});

test.each(['/services/data/v49.0/limits', '/services/data/v68.0/limits', `${V}/nowhere`, '/elsewhere'])(
  'the unknown path or version %s is a 404',
  async (path) => {
    const token = (await org.login()).body.access_token;
    const { status, body } = await org.send('GET', path, undefined, { authorization: `Bearer ${token}` });
    expect([status, body[0].errorCode]).toEqual([404, 'NOT_FOUND']);
  },
);
