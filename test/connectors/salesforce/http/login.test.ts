// The login of the connector to a sandbox org, by client credentials or a signed assertion, and the
// errors of refused logins.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { audienceOf } from '../../../../connectors/salesforce/http/jwt-assertion.ts';
import { settingsSchema } from '../../../../connectors/salesforce/http/settings.ts';
import type { SalesforceParts } from '../../../../connectors/salesforce/parts.ts';
import type { ConnectorError } from '../../../../src/crm/connector-error.ts';
import { connectedOrg, failure, partsFor, requestLog, SIGNAL } from '../salesforce-fixture.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const certificate = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const pemOf = (key: typeof rsa.privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

function lead({ schema }: SalesforceParts) {
  return schema.describe('Lead', SIGNAL);
}

/** All texts of an error that may be logged or printed. */
function errorText(error: ConnectorError): string {
  return [error.message, error.code, error.fix, String(error.cause), error.stack].join('\n');
}

describe('client credentials', () => {
  test('a login with client credentials succeeds', async () => {
    const { parts } = await connectedOrg();
    expect((await lead(parts))?.name).toBe('Lead');
  });

  test('a login succeeds with a trailing slash in SALESFORCE_LOGIN_URL', async () => {
    const { org } = await connectedOrg();
    expect(await lead(partsFor(org, { more: { SALESFORCE_LOGIN_URL: `${org.url}/` } }))).not.toBeNull();
  });

  test.each([
    ['a wrong secret', { SALESFORCE_CLIENT_SECRET: 'not-the-secret' }, 'invalid_client', 'SALESFORCE_CLIENT_SECRET'],
    ['an unknown client', { SALESFORCE_CLIENT_ID: 'unknown' }, 'invalid_client_id', 'SALESFORCE_CLIENT_ID'],
  ])('the error of a login with %s names the setting to check, without the secret', async (_, more, code, setting) => {
    const { org } = await connectedOrg();
    const error = await failure(lead(partsFor(org, { more })));
    expect(error).toMatchObject({ kind: 'auth', crm: 'salesforce', code, fix: expect.stringContaining(setting) });
    expect(errorText(error)).not.toContain(org.clientSecret);
    expect(errorText(error)).not.toContain('not-the-secret');
  });

  test('the error of an app without a Run As user names that policy, after a single request', async () => {
    const { org, parts } = await connectedOrg();
    await org.control('PUT', '/app', { hasRunAs: false });
    await org.control('POST', '/reset-log');
    expect(await failure(lead(parts))).toMatchObject({ kind: 'auth', fix: expect.stringContaining('Run As') });
    expect(await requestLog(org)).toEqual(['login']);
  });
});

describe('a signed assertion', () => {
  async function openSigned(more: Readonly<Record<string, string>> = {}) {
    const { org } = await connectedOrg({ certificate });
    const signed = { SALESFORCE_USERNAME: org.username, SALESFORCE_PRIVATE_KEY: pemOf(rsa.privateKey), ...more };
    return { org, parts: partsFor(org, { more: signed }) };
  }

  test('a login uses the signed assertion and not the secret if both are set', async () => {
    const { parts } = await openSigned({ SALESFORCE_CLIENT_SECRET: 'not-the-secret' });
    expect(await lead(parts)).not.toBeNull();
  });

  test('a login succeeds with a private key whose line breaks are written as \\n', async () => {
    const { parts } = await openSigned({ SALESFORCE_PRIVATE_KEY: pemOf(rsa.privateKey).replaceAll('\n', '\\n') });
    expect(await lead(parts)).not.toBeNull();
  });

  const otherKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  test.each([
    [
      'the key of another app',
      { SALESFORCE_PRIVATE_KEY: pemOf(otherKeys.privateKey) },
      'certificate of this private key',
    ],
    [
      'a user who is not approved',
      { SALESFORCE_USERNAME: 'other-user@else.example' },
      'Pre-authorize the integration user',
    ],
    ['an unknown client', { SALESFORCE_CLIENT_ID: 'unknown' }, 'SALESFORCE_CLIENT_ID'],
  ])('the error of an assertion with %s says how to fix it', async (_, more, fix) => {
    const { parts } = await openSigned(more);
    const error = await failure(lead(parts));
    expect(error).toMatchObject({ kind: 'auth', fix: expect.stringContaining(fix) });
    expect(errorText(error)).not.toContain('else.example');
  });

  test("the error of an assertion that has expired because of a slow clock names this machine's clock", async () => {
    const { org } = await connectedOrg({ certificate });
    const more = { SALESFORCE_USERNAME: org.username, SALESFORCE_PRIVATE_KEY: pemOf(rsa.privateKey) };
    const error = await failure(lead(partsFor(org, { more, aheadMs: -600_000 })));
    expect(error).toMatchObject({ kind: 'auth', fix: expect.stringContaining("this machine's clock") });
  });

  const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const encryptedKey = rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
  test.each([
    ['truncated', pemOf(rsa.privateKey).slice(0, 400)],
    ['not an RSA key', ecKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['encrypted with a passphrase', encryptedKey.toString()],
  ])('a private key that is %s is an auth error without the key in its text, and nothing is sent', async (_, key) => {
    const { org, parts } = await openSigned({ SALESFORCE_PRIVATE_KEY: key });
    await org.control('POST', '/reset-log');
    const error = await failure(lead(parts));
    expect(error).toMatchObject({
      kind: 'auth',
      code: 'PRIVATE_KEY',
      fix: expect.stringContaining('SALESFORCE_PRIVATE_KEY_FILE'),
    });
    expect(errorText(error)).not.toContain(key.slice(60, 100));
    expect(await requestLog(org)).toEqual([]);
  });

  test.each([
    ['https://acme.my.salesforce.com', 'https://login.salesforce.com'],
    ['https://acme-dev-ed.develop.my.salesforce.com', 'https://login.salesforce.com'],
    ['https://acme--full.sandbox.my.salesforce.com', 'https://test.salesforce.com'],
    ['https://acme--full.my.salesforce.com', 'https://test.salesforce.com'],
    ['https://acme.scratch.my.salesforce.com', 'https://test.salesforce.com'],
    ['https://test.salesforce.com', 'https://test.salesforce.com'],
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000'],
    ['https://salesforce.com.example', 'https://salesforce.com.example'],
  ])('the audience of an assertion for %s is %s', (url, audience) => {
    expect(audienceOf(url)).toBe(audience);
  });
});

describe('a login server with a problem', () => {
  const TOKEN = { method: 'POST', path: '/services/oauth2/token' };

  test.each([
    ['503', { status: 503, body: 'down for maintenance' }],
    ['502 with an HTML page', { status: 502, body: '<html>bad gateway</html>' }],
    [
      'a list of errors instead of an OAuth error',
      { status: 500, body: [{ errorCode: 'UNKNOWN_EXCEPTION', message: 'x' }] },
    ],
    ['429', { status: 429, body: { error: 'rate_limit_exceeded' }, headers: { 'retry-after': '0' } }],
    ['a temporary OAuth error', { status: 400, body: { error: 'server_error', error_description: 'x' } }],
    ['a reset connection', { reset: true }],
  ])('a login is retried after %s', async (_, action) => {
    const { org, parts } = await connectedOrg();
    await org.control('PUT', '/faults', [{ match: { ...TOKEN, times: 2 }, action }]);
    expect(await lead(parts)).not.toBeNull();
  });

  test('a login server that stays down is a retry error with the wait of its Retry-After', async () => {
    const { org, parts } = await connectedOrg();
    await org.control('PUT', '/faults', [{ match: TOKEN, action: { status: 503, headers: { 'retry-after': '600' } } }]);
    expect(await failure(lead(parts))).toMatchObject({ kind: 'retry', code: 'HTTP_503', retryAfterMs: 600_000 });
  });

  test('a hanging login is aborted at the deadline', async () => {
    const { org } = await connectedOrg();
    await org.control('PUT', '/faults', [{ match: TOKEN, action: { hangAfterHeaders: true } }]);
    const error = await failure(lead(partsFor(org, { retryOptions: { timeoutMs: 200, retries: 0 } })));
    expect(error).toMatchObject({ kind: 'retry', code: 'TIMEOUT' });
  });

  test.each([
    ['an HTML page', { status: 200, body: '<html>Welcome</html>' }],
    ['JSON without a token', { status: 200, body: { hello: 'there' } }],
    ['a redirect', { status: 302, body: '', headers: { location: 'https://example.com/' } }],
  ])('a login server that responds with %s is an auth error that names SALESFORCE_LOGIN_URL', async (_, action) => {
    const { org, parts } = await connectedOrg();
    await org.control('PUT', '/faults', [{ match: TOKEN, action }]);
    const error = await failure(lead(parts));
    expect(error).toMatchObject({ kind: 'auth', fix: expect.stringContaining('SALESFORCE_LOGIN_URL') });
  });
});

test.each([
  'http://169.254.169.254/latest/meta-data',
  'http://[::ffff:127.0.0.1]:80',
  'http://acme.my.salesforce.com',
  'https://salesforce.com.evil.example',
  'https://evil.example/.salesforce.com',
  'file:///etc/passwd',
])('a login that names %s as the address of the org is refused, and no call is sent there', async (url) => {
  const { org, parts } = await connectedOrg();
  const id = 'https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA';
  const body = { access_token: '00D!x', instance_url: url, token_type: 'Bearer', id };
  const match = { method: 'POST', path: '/services/oauth2/token' };
  await org.control('PUT', '/faults', [{ match, action: { status: 200, body } }]);
  expect(await failure(lead(parts))).toMatchObject({ kind: 'auth', code: 'UNEXPECTED_RESPONSE' });
});

describe('settings', () => {
  const good = {
    SALESFORCE_LOGIN_URL: 'https://acme.my.salesforce.com',
    SALESFORCE_CLIENT_ID: 'id',
    SALESFORCE_CLIENT_SECRET: 'secret',
  };
  const problemsOf = (settings: Readonly<Record<string, string>>) =>
    settingsSchema.safeParse(settings).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];

  test('all missing settings are reported together', () => {
    expect(problemsOf({})).toEqual([
      expect.stringContaining('SALESFORCE_LOGIN_URL must be the My Domain URL'),
      expect.stringContaining('SALESFORCE_CLIENT_ID is missing'),
      expect.stringContaining('SALESFORCE_CLIENT_SECRET is missing'),
    ]);
  });

  test.each([
    ['an invalid URL', { SALESFORCE_LOGIN_URL: 'acme' }, 'SALESFORCE_LOGIN_URL'],
    ['an invalid version', { SALESFORCE_API_VERSION: '66' }, 'SALESFORCE_API_VERSION'],
    ['an invalid org ID', { SALESFORCE_ORG_ID: '00Q5g00000AbCdE' }, 'SALESFORCE_ORG_ID'],
    ['a token that is too short', { SALESFORCE_WEBHOOK_TOKEN: 'short' }, 'SALESFORCE_WEBHOOK_TOKEN'],
    ['an invalid private key', { SALESFORCE_PRIVATE_KEY: 'abc', SALESFORCE_USERNAME: 'u' }, 'SALESFORCE_PRIVATE_KEY'],
    ['a private key without a username', { SALESFORCE_PRIVATE_KEY: pemOf(rsa.privateKey) }, 'SALESFORCE_USERNAME'],
  ])('settings with %s are refused, and only that setting is reported', (_, wrong, name) => {
    expect(problemsOf({ ...good, ...wrong })).toEqual([expect.stringContaining(name)]);
  });

  test('settings with a private key and a username need no secret', () => {
    const { SALESFORCE_CLIENT_SECRET: _, ...others } = good;
    expect(problemsOf({ ...others, SALESFORCE_PRIVATE_KEY: pemOf(rsa.privateKey), SALESFORCE_USERNAME: 'u' })).toEqual(
      [],
    );
  });
});
