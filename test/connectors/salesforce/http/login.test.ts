// How the connector logs in to a sandbox org: by client credentials, by a signed assertion, and what refusals it tells apart.
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { audienceOf } from '../../../../connectors/salesforce/http/jwt-assertion.ts';
import { settingsSchema } from '../../../../connectors/salesforce/http/settings.ts';
import type { SalesforceParts } from '../../../../connectors/salesforce/streams/stream.ts';
import type { ConnectorError } from '../../../../src/crm/connector-error.ts';
import { asked, type ConnectedOrg, connectedOrg, failure, partsFor, SIGNAL } from '../salesforce-fixture.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const certificate = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const pemOf = (key: typeof rsa.privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const opened: ConnectedOrg[] = [];
afterEach(async () => {
  for (const { org } of opened.splice(0)) await org.close();
});

async function open(...options: Parameters<typeof connectedOrg>): Promise<ConnectedOrg> {
  const connected = await connectedOrg(...options);
  opened.push(connected);
  return connected;
}

function lead({ schema }: SalesforceParts) {
  return schema.object('Lead', SIGNAL);
}

/** Everything of an error that reaches a log or a person. */
function told(error: ConnectorError): string {
  return [error.message, error.code, error.fix, String(error.cause), error.stack].join('\n');
}

describe('client credentials', () => {
  test('are all it takes', async () => {
    const { parts } = await open();
    expect((await lead(parts))?.name).toBe('Lead');
  });

  test('an address with a slash at its end is the same', async () => {
    const { org } = await open();
    expect(await lead(partsFor(org, { more: { SALESFORCE_LOGIN_URL: `${org.url}/` } }))).not.toBeNull();
  });

  test.each([
    [
      'a secret that is wrong',
      { SALESFORCE_CLIENT_SECRET: 'not-the-secret' },
      'invalid_client',
      'SALESFORCE_CLIENT_SECRET',
    ],
    ['a client that is unknown', { SALESFORCE_CLIENT_ID: 'nobody' }, 'invalid_client_id', 'SALESFORCE_CLIENT_ID'],
  ])('%s is told with what to check, and without the secret', async (_, more, code, setting) => {
    const { org } = await open();
    const error = await failure(lead(partsFor(org, { more })));
    expect(error).toMatchObject({ kind: 'auth', crm: 'salesforce', code, fix: expect.stringContaining(setting) });
    expect(told(error)).not.toContain(org.clientSecret);
    expect(told(error)).not.toContain('not-the-secret');
  });

  test('an app without a user to run as is told so, and asked once', async () => {
    const { org, parts } = await open();
    await org.control('PUT', '/app', { hasRunAs: false });
    await org.control('POST', '/reset-log');
    expect(await failure(lead(parts))).toMatchObject({ kind: 'auth', fix: expect.stringContaining('Run As') });
    expect(await asked(org)).toEqual(['login']);
  });
});

describe('a signed assertion', () => {
  async function openSigned(more: Readonly<Record<string, string>> = {}) {
    const { org } = await open({ certificate });
    const signed = { SALESFORCE_USERNAME: org.username, SALESFORCE_PRIVATE_KEY: pemOf(rsa.privateKey), ...more };
    return { org, parts: partsFor(org, { more: signed }) };
  }

  test('is taken in place of the secret', async () => {
    const { parts } = await openSigned({ SALESFORCE_CLIENT_SECRET: 'not-the-secret' });
    expect(await lead(parts)).not.toBeNull();
  });

  test('a key whose line ends are written as \\n is the same key', async () => {
    const { parts } = await openSigned({ SALESFORCE_PRIVATE_KEY: pemOf(rsa.privateKey).replaceAll('\n', '\\n') });
    expect(await lead(parts)).not.toBeNull();
  });

  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  test.each([
    [
      'the key of another app',
      { SALESFORCE_PRIVATE_KEY: pemOf(stranger.privateKey) },
      'certificate of this private key',
    ],
    [
      'a user who is not approved',
      { SALESFORCE_USERNAME: 'somebody@else.example' },
      'Pre-authorize the integration user',
    ],
    ['a client that is unknown', { SALESFORCE_CLIENT_ID: 'nobody' }, 'SALESFORCE_CLIENT_ID'],
  ])('%s is told with what to do', async (_, more, fix) => {
    const { parts } = await openSigned(more);
    const error = await failure(lead(parts));
    expect(error).toMatchObject({ kind: 'auth', fix: expect.stringContaining(fix) });
    expect(told(error)).not.toContain('else.example');
  });

  test('a clock that is behind makes assertions that are over, and is told', async () => {
    const { org } = await open({ certificate });
    const more = { SALESFORCE_USERNAME: org.username, SALESFORCE_PRIVATE_KEY: pemOf(rsa.privateKey) };
    const error = await failure(lead(partsFor(org, { more, aheadMs: -600_000 })));
    expect(error).toMatchObject({ kind: 'auth', fix: expect.stringContaining("this machine's clock") });
  });

  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const locked = rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
  test.each([
    ['cut off', pemOf(rsa.privateKey).slice(0, 400)],
    ['of another kind', elliptic.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['locked by a passphrase', locked.toString()],
  ])('a key that is %s needs somebody, and nothing is sent', async (_, key) => {
    const { org, parts } = await openSigned({ SALESFORCE_PRIVATE_KEY: key });
    await org.control('POST', '/reset-log');
    const error = await failure(lead(parts));
    expect(error).toMatchObject({
      kind: 'auth',
      code: 'PRIVATE_KEY',
      fix: expect.stringContaining('SALESFORCE_PRIVATE_KEY_FILE'),
    });
    expect(told(error)).not.toContain(key.slice(60, 100));
    expect(await asked(org)).toEqual([]);
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
  ])('for %s it is meant for %s', (url, audience) => {
    expect(audienceOf(url)).toBe(audience);
  });
});

describe('a login server that is in trouble', () => {
  const TOKEN = { method: 'POST', path: '/services/oauth2/token' };

  test.each([
    ['503', { status: 503, body: 'down for maintenance' }],
    ['502 and a page', { status: 502, body: '<html>bad gateway</html>' }],
    [
      'a list of errors in place of its own words',
      { status: 500, body: [{ errorCode: 'UNKNOWN_EXCEPTION', message: 'x' }] },
    ],
    ['429', { status: 429, body: { error: 'rate_limit_exceeded' }, headers: { 'retry-after': '0' } }],
    ['a refusal that passes', { status: 400, body: { error: 'server_error', error_description: 'x' } }],
    ['a reset', { reset: true }],
  ])('is asked again after %s', async (_, action) => {
    const { org, parts } = await open();
    await org.control('PUT', '/faults', [{ match: { ...TOKEN, times: 2 }, action }]);
    expect(await lead(parts)).not.toBeNull();
  });

  test('that lasts, the job waits, as the server asks', async () => {
    const { org, parts } = await open();
    await org.control('PUT', '/faults', [{ match: TOKEN, action: { status: 503, headers: { 'retry-after': '600' } } }]);
    expect(await failure(lead(parts))).toMatchObject({ kind: 'retry', code: 'HTTP_503', retryAfterMs: 600_000 });
  });

  test('a hanging login ends at the deadline', async () => {
    const { org } = await open();
    await org.control('PUT', '/faults', [{ match: TOKEN, action: { hangAfterHeaders: true } }]);
    const error = await failure(lead(partsFor(org, { patience: { timeoutMs: 200, retries: 0 } })));
    expect(error).toMatchObject({ kind: 'retry', code: 'TIMEOUT' });
  });

  test.each([
    ['a page', { status: 200, body: '<html>Welcome</html>' }],
    ['no token', { status: 200, body: { hello: 'there' } }],
    ['somewhere else', { status: 302, body: '', headers: { location: 'https://example.com/' } }],
  ])('that answers with %s is not the one of an org', async (_, action) => {
    const { org, parts } = await open();
    await org.control('PUT', '/faults', [{ match: TOKEN, action }]);
    const error = await failure(lead(parts));
    expect(error).toMatchObject({ kind: 'auth', fix: expect.stringContaining('SALESFORCE_LOGIN_URL') });
  });
});

describe('settings', () => {
  const good = {
    SALESFORCE_LOGIN_URL: 'https://acme.my.salesforce.com',
    SALESFORCE_CLIENT_ID: 'id',
    SALESFORCE_CLIENT_SECRET: 'secret',
  };
  const named = (settings: Readonly<Record<string, string>>) =>
    settingsSchema.safeParse(settings).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];

  test('everything that is missing is named at once', () => {
    expect(named({})).toEqual([
      expect.stringContaining('SALESFORCE_LOGIN_URL expected the My Domain URL'),
      expect.stringContaining('SALESFORCE_CLIENT_ID is missing'),
      expect.stringContaining('SALESFORCE_CLIENT_SECRET is missing'),
    ]);
  });

  test.each([
    ['an address that is none', { SALESFORCE_LOGIN_URL: 'acme' }, 'SALESFORCE_LOGIN_URL'],
    ['a version that is none', { SALESFORCE_API_VERSION: '66' }, 'SALESFORCE_API_VERSION'],
    ['an org that is none', { SALESFORCE_ORG_ID: '00Q5g00000AbCdE' }, 'SALESFORCE_ORG_ID'],
    ['no share of the calls at all', { SALESFORCE_DAILY_QUOTA_SHARE: '0' }, 'SALESFORCE_DAILY_QUOTA_SHARE'],
    ['a token that can be guessed', { SALESFORCE_WEBHOOK_TOKEN: 'short' }, 'SALESFORCE_WEBHOOK_TOKEN'],
    ['a key that is none', { SALESFORCE_PRIVATE_KEY: 'abc', SALESFORCE_USERNAME: 'u' }, 'SALESFORCE_PRIVATE_KEY'],
    ['a key without its user', { SALESFORCE_PRIVATE_KEY: pemOf(rsa.privateKey) }, 'SALESFORCE_USERNAME'],
  ])('%s is named, and nothing else', (_, wrong, name) => {
    expect(named({ ...good, ...wrong })).toEqual([expect.stringContaining(name)]);
  });

  test('a key and its user are enough without a secret', () => {
    const { SALESFORCE_CLIENT_SECRET: _, ...others } = good;
    expect(named({ ...others, SALESFORCE_PRIVATE_KEY: pemOf(rsa.privateKey), SALESFORCE_USERNAME: 'u' })).toEqual([]);
  });
});
