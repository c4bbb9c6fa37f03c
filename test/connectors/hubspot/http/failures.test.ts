import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import nock from 'nock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contactRef } from '../../../../connectors/hubspot/contacts/contact-mapping.ts';
import { create, settingsSchema } from '../../../../connectors/hubspot/index.ts';
import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import { CRM, connect, type Fixture, hubspot, NOW, shippedMapping } from '../hubspot-fixture.ts';

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

const READ = `${CRM}/contacts/batch/read`;

function read({ connector, signal }: Fixture) {
  return connector.fetchLeads([contactRef('1')], signal);
}

const LIST = `${CRM}/contacts`;

async function list({ connector, signal }: Fixture) {
  return await connector.listAllRecords?.(null, signal);
}

async function failure(promise: Promise<unknown>): Promise<ConnectorError> {
  const error: unknown = await promise.then(() => null).catch((reason: unknown) => reason);
  if (!(error instanceof ConnectorError)) throw new Error(`expected a ConnectorError, got ${String(error)}`);
  return error;
}

function respondWell() {
  hubspot()
    .post(READ)
    .reply(200, { results: [{ id: '1', properties: { email: null } }] });
  hubspot().post('/crm/associations/2026-03/contacts/companies/batch/read').reply(200, { results: [] });
}

describe('an error response of HubSpot', () => {
  test.each([
    [401, { category: 'INVALID_AUTHENTICATION', message: 'x' }, 'auth', 'INVALID_AUTHENTICATION'],
    [403, { category: 'MISSING_SCOPES', message: 'x' }, 'forbidden', 'MISSING_SCOPES'],
    [400, { category: 'VALIDATION_ERROR', message: 'x' }, 'invalid', 'VALIDATION_ERROR'],
    [404, { category: 'OBJECT_NOT_FOUND', message: 'x' }, 'not-found', 'OBJECT_NOT_FOUND'],
    [415, {}, 'invalid', 'HTTP_415'],
  ])('with status %i and body %o has the error kind %s', async (status, body, kind, code) => {
    hubspot().get(LIST).query(true).reply(status, body);
    expect(await failure(list(connect()))).toMatchObject({ kind, code, crm: 'hubspot' });
  });

  test('with status 403 gives a fix with the missing scopes', async () => {
    const errors = [{ message: 'x', context: { requiredGranularScopes: ['crm.objects.contacts.read'] } }];
    hubspot().post(READ).reply(403, { category: 'MISSING_SCOPES', errors });
    expect((await failure(read(connect()))).fix).toContain('crm.objects.contacts.read');
  });

  test.each([
    [{ context: { requiredGranularScopes: ['crm.lists.read', 'forms'] } }],
    [{ context: { missingScopes: ['crm.lists.read', 'forms'] } }],
    [{ errors: [{ context: { missingScopes: ['crm.lists.read'] } }, { context: { requiredScopes: 'forms' } }] }],
  ])('with status 403 and the missing scopes in %o names them', async (body) => {
    hubspot()
      .post(READ)
      .reply(403, { category: 'MISSING_SCOPES', ...body });
    expect((await failure(read(connect()))).fix).toContain('the scope crm.lists.read, forms, then');
  });

  test('that quotes a person gives a message without the quote, and a reason without the address', async () => {
    hubspot().get(LIST).query(true).reply(400, { message: 'Email address jane.doe@example.com is invalid' });
    const error = await failure(list(connect()));
    expect(error.message).toMatch(/^HubSpot refused .*: 400$/);
    expect(error.reason).toBe('Email address [address] is invalid');
  });
});

describe('a temporary failure of HubSpot:', () => {
  test.each([500, 502, 503, 504, 524, 423, 477])('a response with status %i is retried', async (status) => {
    hubspot().post(READ).reply(status, '<html>gateway</html>', { 'retry-after': '0' });
    respondWell();
    expect(await read(connect())).toHaveLength(1);
  });

  test.each([
    ['a reset connection', () => hubspot().post(READ).replyWithError(new Error('ECONNRESET'))],
    ['truncated JSON', () => hubspot().post(READ).reply(200, '{"results":[{"id"')],
    ["a gateway's page with status 200", () => hubspot().post(READ).reply(200, '<html></html>')],
  ])('%s is retried', async (_, fail) => {
    fail();
    respondWell();
    expect(await read(connect())).toHaveLength(1);
  });

  test('a call that fails in every attempt ends with a retry error', async () => {
    hubspot().post(READ).times(3).reply(503, 'busy');
    expect(await failure(read(connect()))).toMatchObject({ kind: 'retry', code: 'HTTP_503' });
    expect(nock.isDone()).toBe(true);
  });

  test('a Retry-After that is too long to wait for ends the call with a retry error', async () => {
    hubspot().post(READ).reply(503, 'busy', { 'retry-after': '3600' });
    expect(await failure(read(connect()))).toMatchObject({ kind: 'retry', retryAfterMs: 3_600_000 });
  });

  test('a response with an unexpected shape is not retried', async () => {
    hubspot().post(READ).reply(200, { results: 'none' });
    expect(await failure(read(connect()))).toMatchObject({ kind: 'invalid', code: 'UNEXPECTED_RESPONSE' });
  });
});

describe('a rate limit of HubSpot:', () => {
  const search = { status: 'error', message: 'You have reached your secondly limit.', category: 'RATE_LIMITS' };
  const burst = {
    errorType: 'RATE_LIMIT',
    message: 'You have reached your ten_secondly_rolling limit.',
    policyName: 'TEN_SECONDLY_ROLLING',
  };

  test.each([
    ['the burst limit', burst, {}, 10_000],
    ['a secondly limit without a policy name', search, {}, 1000],
    ['a Retry-After in seconds', burst, { 'retry-after': '3' }, 3000],
    [
      'a Retry-After as a date',
      burst,
      { 'retry-after': new Date(NOW.getTime() + 7000).toUTCString(), date: NOW.toUTCString() },
      7000,
    ],
  ])('a 429 with %s drains the shared bucket and costs no attempt', async (_, body, headers, forMs) => {
    hubspot().post(READ).times(2).reply(429, body, headers);
    respondWell();
    const fixture = connect({ retries: 0 });
    expect(await read(fixture)).toHaveLength(1);
    expect(fixture.limiter.drained).toEqual([
      { key: 'hubspot:burst', forMs },
      { key: 'hubspot:burst', forMs },
    ]);
  });

  test('a 429 that repeats for too long ends the call with a rate-limited error', async () => {
    hubspot().post(READ).times(10).reply(429, burst);
    expect(await failure(read(connect()))).toMatchObject({ kind: 'rate-limited', retryAfterMs: 10_000 });
  });

  test('a used-up daily quota ends the call with an error until the reset, and drains no bucket', async () => {
    hubspot().post(READ).reply(429, { message: 'You have reached your daily limit.', policyName: 'DAILY' });
    const resetsAt = new Date(NOW.getTime() + 5_400_000).toISOString();
    hubspot()
      .get('/account-info/2026-09/api-usage/daily/private-apps')
      .reply(200, { results: [{ resetsAt }] });
    const fixture = connect();
    expect(await failure(read(fixture))).toMatchObject({
      kind: 'budget-spent',
      code: 'DAILY',
      retryAfterMs: 5_400_000,
    });
    expect(fixture.limiter.drained).toEqual([]);
  });

  test('a reset time that HubSpot does not report is fetched again only after an hour', async () => {
    const few = { 'x-hubspot-ratelimit-daily': '1000', 'x-hubspot-ratelimit-daily-remaining': '60' };
    hubspot().get(`${CRM}/contacts`).query(true).times(5).reply(200, { results: [] }, few);
    hubspot().get('/account-info/2026-09/api-usage/daily/private-apps').times(5).reply(403, {});
    const fixture = connect({}, { ...shippedMapping(), calls_for_others: '0%' });
    for (let call = 0; call < 4; call++) await fixture.connector.listAllRecords?.(null, fixture.signal);
    expect(fixture.connector.apiCallCount()).toBe(5);
    fixture.clock.at = new Date(NOW.getTime() + 3_600_001);
    await fixture.connector.listAllRecords?.(null, fixture.signal);
    expect(fixture.connector.apiCallCount()).toBe(7);
  });

  test('the bucket follows the limit in the response headers: 190 per 10 s is a burst of 3 and 18.145 per second', async () => {
    const headers = { 'x-hubspot-ratelimit-max': '190', 'x-hubspot-ratelimit-interval-milliseconds': '10000' };
    const gone = { category: 'OBJECT_NOT_FOUND', context: { ids: ['1'] } };
    hubspot()
      .post(READ)
      .reply(207, { results: [], errors: [gone] }, headers);
    hubspot()
      .post(READ)
      .query({ archived: 'true' })
      .reply(207, { results: [], errors: [gone] }, headers);
    respondWell();
    const fixture = connect();
    await read(fixture);
    await read(fixture);
    expect(fixture.limiter.taken[0]).toEqual({ key: 'hubspot:burst', size: { burst: 2, perSecond: 9.55 } });
    expect(fixture.limiter.taken.at(-1)).toEqual({ key: 'hubspot:burst', size: { burst: 3, perSecond: 18.145 } });
  });
});

/** The error of reading a contact from this URL. */
async function failureAt(url: string, timeoutMs = 2_000) {
  nock.enableNetConnect();
  const { limiter, clock, signal } = connect();
  const settings = settingsSchema.parse({ HUBSPOT_ACCESS_TOKEN: 't', HUBSPOT_API_URL: url });
  const retryOptions = { timeoutMs, retries: 0, initialDelayMs: 1, maxThrottleWaitMs: 1 };
  const connector = create({ settings, mapping: shippedMapping(), limiter, clock, retryOptions });
  return await failure(connector.fetchLeads([contactRef('1')], signal));
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return z.object({ port: z.number() }).parse(server.address()).port;
}

describe('a server that stalls', () => {
  test.each([
    ['before its headers', null],
    ['after its headers', () => {}],
    [
      'while it sends single bytes',
      (response: ServerResponse) => {
        const drip = setInterval(() => response.write(' '), 10);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('%s ends the call at the deadline, and its connection is closed', async (_, continueBody) => {
    const server = createServer((_request, response) => {
      if (continueBody === null) return;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"results":');
      continueBody(response);
    });
    const port = await listening(server);
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    server.on('connection', (socket) => socket.on('error', () => undefined).on('close', resolve));
    expect(await failureAt(`http://127.0.0.1:${port}`, 300)).toMatchObject({ kind: 'retry', code: 'TIMEOUT' });
    await closed;
    server.close();
  });
});

test('a call to a silent server that is aborted frees its connection at once, so that it does not hold the process', async () => {
  nock.enableNetConnect();
  const server = createServer(() => {});
  const url = `http://127.0.0.1:${await listening(server)}`;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { promise: connected, resolve: onRequest } = Promise.withResolvers<void>();
  server.on('connection', (socket) => socket.on('error', () => undefined).on('close', resolve));
  server.on('request', () => onRequest());
  const { limiter, clock } = connect();
  const settings = settingsSchema.parse({ HUBSPOT_ACCESS_TOKEN: 't', HUBSPOT_API_URL: url });
  const connector = create({ settings, mapping: shippedMapping(), limiter, clock });
  const stop = new AbortController();
  const reading = connector.fetchLeads([contactRef('1')], stop.signal);
  await connected;
  stop.abort(new Error('shutting down'));
  await expect(reading).rejects.toThrow('shutting down');
  await closed;
  server.close();
});

describe('a redirect of HubSpot', () => {
  test.each([301, 302, 303, 307, 308])(
    'with status %i to another host is refused: the token stays here',
    async (status) => {
      nock.enableNetConnect();
      const received: (string | undefined)[] = [];
      const other = createServer((request, response) => {
        received.push(request.headers.authorization);
        response.end('{"results":[]}');
      });
      const target = `http://127.0.0.1:${await listening(other)}/crm`;
      const server = createServer((_request, response) => response.writeHead(status, { location: target }).end());
      const error = await failureAt(`http://127.0.0.1:${await listening(server)}`);
      expect(error).toMatchObject({ kind: 'configuration', code: `HTTP_${status}` });
      expect(error.message).toContain(new URL(target).host);
      expect(received).toEqual([]);
      other.close();
      server.close();
    },
  );
});

describe('a connection that cannot be opened ends with a retry error that names the cause:', () => {
  test('the host name does not exist', async () => {
    const error = await failureAt('http://api.hubapi.invalid');
    expect(error).toMatchObject({ kind: 'retry', message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) });
  });

  test('no process listens on the port', async () => {
    const server = createServer();
    const port = await listening(server);
    server.close();
    const error = await failureAt(`http://127.0.0.1:${port}`);
    expect(error).toMatchObject({ kind: 'retry', message: expect.stringContaining('ECONNREFUSED') });
  });

  test('the server does not speak TLS', async () => {
    const server = createServer();
    const error = await failureAt(`https://127.0.0.1:${await listening(server)}`);
    expect(error).toMatchObject({ kind: 'retry', code: 'CONNECTION', message: expect.stringMatching(/, [A-Z_]+\)$/) });
    server.close();
  });
});

test('an aborted call to HubSpot ends with the reason of the signal', async () => {
  const { connector } = connect();
  const stop = new Error('shutting down');
  await expect(connector.fetchLeads([contactRef('1')], AbortSignal.abort(stop))).rejects.toBe(stop);
});
