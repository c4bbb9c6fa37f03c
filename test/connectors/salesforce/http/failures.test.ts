// The connector while an org refuses calls, stalls, breaks connections or has no calls left. It
// uses real HTTP to a sandbox org with a fault script, and raw TCP servers for faults below HTTP.
import { once } from 'node:events';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { redactPersonalData } from '../../../../connectors/kit/redact.ts';
import { createHttp } from '../../../../connectors/salesforce/http/client.ts';
import { settingsSchema } from '../../../../connectors/salesforce/http/settings.ts';
import type { SalesforceParts } from '../../../../connectors/salesforce/parts.ts';
import { endWithTest } from '../../../../sandbox/test/end-with-test.ts';
import type { RetryOptions } from '../../../../src/crm/connector.ts';
import {
  type ConnectedOrg,
  connectedOrg,
  FAST_RETRIES,
  failure,
  partsFor,
  requestLog,
  SIGNAL,
  shippedMapping,
} from '../salesforce-fixture.ts';

const LIMITS = {
  what: 'reading limits',
  path: '/limits',
  responseSchema: z.looseObject({ DailyApiRequests: z.object({}) }),
};
const AT_LIMITS = { path: '/limits' };

function limits({ http }: SalesforceParts, signal = SIGNAL) {
  return http.call(LIMITS, signal);
}

function refusal(errorCode: string, message = 'x') {
  return [{ errorCode, message }];
}

/** A connector that is logged in to an org with an empty request log and these faults. */
async function openWith(faults: readonly object[], ...options: Parameters<typeof connectedOrg>): Promise<ConnectedOrg> {
  const connected = await connectedOrg(...options);
  await limits(connected.parts);
  await connected.org.control('PUT', '/faults', faults);
  await connected.org.control('POST', '/reset-log');
  return connected;
}

function count(log: readonly string[], call: string): number {
  return log.filter((request) => request === call).length;
}

describe('an error response', () => {
  test.each([
    [403, refusal('API_DISABLED_FOR_ORG'), 'configuration', 'API_DISABLED_FOR_ORG'],
    [403, refusal('INSUFFICIENT_ACCESS'), 'forbidden', 'INSUFFICIENT_ACCESS'],
    [400, refusal('INVALID_TYPE'), 'forbidden', 'INVALID_TYPE'],
    [400, refusal('MALFORMED_QUERY'), 'invalid', 'MALFORMED_QUERY'],
    [400, refusal('QUERY_TIMEOUT'), 'invalid', 'QUERY_TIMEOUT'],
    [400, refusal('OPERATION_TOO_LARGE'), 'invalid', 'OPERATION_TOO_LARGE'],
    [404, refusal('NOT_FOUND'), 'not-found', 'NOT_FOUND'],
    [410, refusal('UNSUPPORTED_API_VERSION'), 'configuration', 'UNSUPPORTED_API_VERSION'],
    [302, '', 'configuration', 'HTTP_302'],
    [415, '<html></html>', 'invalid', 'HTTP_415'],
  ])(
    'the response %i %o becomes an error of the kind %s, and the call is not retried',
    async (status, body, kind, code) => {
      const { org, parts } = await openWith([{ match: AT_LIMITS, action: { status, body } }]);
      expect(await failure(limits(parts))).toMatchObject({ kind, code, crm: 'salesforce' });
      expect(await requestLog(org)).toEqual(['GET /limits']);
    },
  );

  test('the message of an error response quotes nothing, and its reason contains no e-mail address', async () => {
    const said = "duplicate value: jane.doe@example.com, 'o'brien@acme.example'";
    const { parts } = await openWith([{ match: AT_LIMITS, action: { status: 400, body: refusal('DUPLICATE', said) } }]);
    const { message, reason } = await failure(limits(parts));
    expect(message).toBe('Salesforce refused reading limits: 400 DUPLICATE');
    expect(reason).toContain('[address]');
    expect(reason).not.toMatch(/jane|doe|brien@|acme/);
  });

  test('a message of 2 MB is shortened within 1 s, and never cut within an e-mail address', () => {
    const started = performance.now();
    expect(redactPersonalData('a'.repeat(2_000_000)).length).toBeLessThan(400);
    expect(performance.now() - started).toBeLessThan(1_000);
    const ends = redactPersonalData(`${'x@y.example '.repeat(332)}jane.doe@example.com`);
    expect(ends).not.toContain('jane');
  });
});

describe('a temporary problem', () => {
  test.each([
    ...[500, 502, 503, 504, 408, 423].map(
      (status) => [`the status ${status}`, { status, body: '<html>gateway</html>' }] as const,
    ),
    ['a locked row', { status: 400, body: refusal('UNABLE_TO_LOCK_ROW') }] as const,
    ['a reset connection', { reset: true }] as const,
    ['a connection that is reset after the work', { applyThenReset: true }] as const,
    ['truncated JSON', { status: 200, body: '{"DailyApiRequests":{"Max"' }] as const,
    ["a gateway's page with status 200", { status: 200, body: '<html></html>' }] as const,
    ['a Retry-After', { status: 503, body: '', headers: { 'retry-after': '0' } }] as const,
  ])('a call is retried after %s', async (_, action) => {
    const { org, parts } = await openWith([{ match: { ...AT_LIMITS, times: 2 }, action }]);
    expect(await limits(parts)).toHaveProperty('DailyApiRequests');
    expect(await requestLog(org)).toEqual(['GET /limits', 'GET /limits', 'GET /limits']);
  });

  test('a call that fails in every attempt throws a retry error', async () => {
    const { org, parts } = await openWith([{ match: AT_LIMITS, action: { status: 503, body: '' } }]);
    expect(await failure(limits(parts))).toMatchObject({ kind: 'retry', code: 'HTTP_503' });
    expect(await requestLog(org)).toHaveLength(3);
  });

  test('a Retry-After of one hour is not waited for but returned with the retry error', async () => {
    const action = { status: 503, body: '', headers: { 'retry-after': '3600' } };
    const { org, parts } = await openWith([{ match: AT_LIMITS, action }]);
    expect(await failure(limits(parts))).toMatchObject({ kind: 'retry', retryAfterMs: 3_600_000 });
    expect(await requestLog(org)).toHaveLength(1);
  });

  test('a call throws a retry error once its Retry-After waits add up to more than the maximum', async () => {
    const action = { status: 503, body: '', headers: { 'retry-after': '0.2' } };
    const retryOptions = { retries: 5, maxThrottleWaitMs: 500 };
    const { org, parts } = await openWith([{ match: AT_LIMITS, action }], {}, { retryOptions });
    expect(await failure(limits(parts))).toMatchObject({ kind: 'retry', retryAfterMs: 200 });
    expect(await requestLog(org)).toHaveLength(3);
  });

  test('a call is not retried after a response with an unexpected shape', async () => {
    const { org, parts } = await openWith([{ match: AT_LIMITS, action: { status: 200, body: { other: 'x' } } }]);
    expect(await failure(limits(parts))).toMatchObject({ kind: 'invalid', code: 'UNEXPECTED_RESPONSE' });
    expect(await requestLog(org)).toHaveLength(1);
  });

  test.each([
    ['before its headers', { delayMs: 60_000 }],
    ['after its headers', { hangAfterHeaders: true }],
    ['by sending a few bytes now and then', { drip: 100 }],
    ['after the work', { applyThenHang: true }],
  ])('a call to a server that stalls %s is aborted at the deadline and retried', async (_, action) => {
    const { parts } = await openWith(
      [{ match: { ...AT_LIMITS, times: 1 }, action }],
      {},
      { retryOptions: { timeoutMs: 300 } },
    );
    expect(await limits(parts)).toHaveProperty('DailyApiRequests');
  });
});

describe('a rejected token', () => {
  test('an expired token is renewed by one login for all concurrent calls', async () => {
    const { org, parts } = await openWith([]);
    await org.control('POST', '/tokens/expire');
    await org.control('POST', '/reset-log');
    await Promise.all(Array.from({ length: 50 }, () => limits(parts)));
    const log = await requestLog(org);
    expect(count(log, 'login')).toBe(1);
    expect(count(log, 'GET /limits')).toBeLessThanOrEqual(100);
  });

  test('a token that expired during two idle hours is renewed within the next call', async () => {
    const { org, parts } = await openWith([]);
    org.advanceClock(2 * 3_600_000);
    await limits(parts);
    expect(await requestLog(org)).toEqual(['GET /limits', 'login', 'GET /limits']);
  });

  test('a new token that is rejected as well is an auth error, with one login per call', async () => {
    const { org, parts } = await openWith([]);
    await org.control('PUT', '/tokens', { minutes: 0 });
    for (let call = 1; call <= 3; call += 1) {
      const error = await failure(limits(parts));
      expect(error).toMatchObject({ kind: 'auth', code: 'INVALID_SESSION_ID', fix: expect.any(String) });
    }
    expect(await requestLog(org)).toEqual(Array(3).fill(['GET /limits', 'login', 'GET /limits']).flat());
  });

  test('20 concurrent calls whose new token is rejected as well share one login', async () => {
    const { org, parts } = await openWith([]);
    await org.control('PUT', '/tokens', { minutes: 0 });
    const errors = await Promise.all(Array.from({ length: 20 }, () => failure(limits(parts))));
    expect(new Set(errors.map(({ kind }) => kind))).toEqual(new Set(['auth']));
    const log = await requestLog(org);
    expect(count(log, 'login')).toBe(1);
    expect(count(log, 'GET /limits')).toBe(40);
  });

  test('a token is requested again until the login server is back', async () => {
    const down = { match: { path: '/oauth2/token', times: 2 }, action: { status: 503, body: '' } };
    const { org, parts } = await openWith([down]);
    await org.control('POST', '/tokens/expire');
    await limits(parts);
    expect(count(await requestLog(org), 'login')).toBe(3);
  });
});

describe('the limits of the org', () => {
  test.each([
    ['a number of seconds', { 'retry-after': '7' }, 7_000],
    ['a date', { 'retry-after': new Date('2026-03-10T12:00:07Z').toUTCString() }, 7_000],
    ['no value', {}, 10_000],
  ])('a 429 with %s as Retry-After throws a rate-limited error with that wait', async (_, headers, retryAfterMs) => {
    const action = { status: 429, body: refusal('REQUEST_RATE'), headers };
    const { org, parts } = await openWith([{ match: AT_LIMITS, action }], {}, { aheadMs: 600_000 });
    expect(await failure(limits(parts))).toMatchObject({ kind: 'rate-limited', retryAfterMs });
    expect(await requestLog(org)).toHaveLength(1);
  });

  test('too many concurrent long calls are a rate limit and not an exhausted daily quota', async () => {
    const text = 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.';
    const action = { status: 403, body: refusal('REQUEST_LIMIT_EXCEEDED', text) };
    const { parts } = await openWith([{ match: AT_LIMITS, action }]);
    expect(await failure(limits(parts))).toMatchObject({ kind: 'rate-limited', retryAfterMs: 10_000 });
  });

  test('no call is made for 15 minutes after the daily quota is exhausted', async () => {
    const { org, parts } = await openWith([], {}, { mapping: { ...shippedMapping(), calls_for_others: '0%' } });
    await org.control('PUT', '/api-usage', { used: 100, limit: 100 });
    const spent = { kind: 'budget-spent', retryAfterMs: 900_000, fix: expect.stringContaining('by itself') };
    expect(await failure(limits(parts))).toMatchObject(spent);
    expect(await failure(limits(parts))).toMatchObject(spent);
    expect(await requestLog(org)).toEqual(['GET /limits']);
    await org.control('PUT', '/api-usage', { used: 10 });
    org.advanceClock(900_000);
    expect(await limits(parts)).toHaveProperty('DailyApiRequests');
  });

  test("calls stop at Leadgrade's share of the daily quota, and one call every 15 minutes reads the usage again", async () => {
    const { org, parts } = await openWith([]);
    await org.control('PUT', '/api-usage', { used: 78, limit: 100 });
    await limits(parts);
    await limits(parts);
    expect(await failure(limits(parts))).toMatchObject({
      kind: 'budget-spent',
      message: expect.stringContaining("20 of the org's 100 API calls"),
    });
    org.advanceClock(899_000);
    await failure(limits(parts));
    expect(await requestLog(org)).toHaveLength(2);
    org.advanceClock(1_000);
    await limits(parts);
    await failure(limits(parts));
    expect(await requestLog(org)).toHaveLength(3);
  });
});

describe('an aborted call', () => {
  const HANG = { match: AT_LIMITS, action: { hangAfterHeaders: true } };
  const LONG = { retryOptions: { timeoutMs: 60_000 } };

  /** The number of timers that keep the process alive. */
  const activeTimers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

  test.each([
    ['while the response hangs', HANG],
    ['before the response begins', { match: AT_LIMITS, action: { delayMs: 60_000 } }],
    [
      'while it waits for a retry',
      { match: AT_LIMITS, action: { status: 503, body: '', headers: { 'retry-after': '50' } } },
    ],
  ])(
    'a call that is aborted %s rejects at once with the reason of the signal, and leaves no timer',
    async (_, fault) => {
      const { parts } = await openWith([fault], {}, LONG);
      const before = activeTimers();
      const stop = new AbortController();
      const reason = new Error('shutting down');
      setTimeout(() => stop.abort(reason), 100);
      const started = performance.now();
      await expect(limits(parts, stop.signal)).rejects.toBe(reason);
      expect(performance.now() - started).toBeLessThan(2_000);
      expect(activeTimers()).toBeLessThanOrEqual(before);
    },
  );

  test('a call whose signal is already aborted sends no request', async () => {
    const { org, parts } = await openWith([]);
    const stop = new Error('shutting down');
    await expect(limits(parts, AbortSignal.abort(stop))).rejects.toBe(stop);
    expect(await requestLog(org)).toEqual([]);
  });

  test('an aborted call does not abort the login that other calls wait for', async () => {
    const { org, parts } = await openWith([{ match: { path: '/oauth2/token' }, action: { delayMs: 1_500 } }], {}, LONG);
    await org.control('POST', '/tokens/expire');
    await org.control('POST', '/reset-log');
    const stop = new AbortController();
    const first = limits(parts, stop.signal);
    const others = Promise.all([limits(parts), limits(parts)]);
    setTimeout(() => stop.abort(new Error('shutting down')), 100);
    await expect(first).rejects.toThrow('shutting down');
    expect(await others).toHaveLength(2);
    expect(count(await requestLog(org), 'login')).toBe(1);
  });

  test('an aborted call does not abort the describe call that another call waits for', async () => {
    const { org, parts } = await openWith([{ match: { path: '/describe' }, action: { delayMs: 1_500 } }], {}, LONG);
    const stop = new AbortController();
    const first = parts.schema.describe('Lead', stop.signal);
    const second = parts.schema.describe('Lead', SIGNAL);
    setTimeout(() => stop.abort(new Error('shutting down')), 50);
    await expect(first).rejects.toThrow('shutting down');
    expect((await second)?.name).toBe('Lead');
    expect(count(await requestLog(org), 'GET /sobjects/Lead/describe')).toBe(1);
  });

  test('a describe call is aborted with the last call that waits for it, and repeated by the next call', async () => {
    const { org, parts } = await openWith(
      [{ match: { path: '/describe', nth: 1 }, action: { hangAfterHeaders: true } }],
      {},
      LONG,
    );
    const stop = new AbortController();
    const only = parts.schema.describe('Lead', stop.signal);
    setTimeout(() => stop.abort(new Error('shutting down')), 50);
    await expect(only).rejects.toThrow('shutting down');
    expect((await parts.schema.describe('Lead', SIGNAL))?.name).toBe('Lead');
    expect(count(await requestLog(org), 'GET /sobjects/Lead/describe')).toBe(2);
  });
});

describe('a connection', () => {
  async function listening(onSocket: (socket: Socket) => void) {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      onSocket(socket);
    });
    const close = endWithTest(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: z.object({ port: z.number() }).parse(server.address()).port, close };
  }

  function httpTo(url: string, retryOptions: Partial<RetryOptions> = {}) {
    const settings = settingsSchema.parse({
      SALESFORCE_LOGIN_URL: url,
      SALESFORCE_CLIENT_ID: 'id',
      SALESFORCE_CLIENT_SECRET: 'very-secret',
    });
    const clock = { now: () => new Date('2026-03-10T12:00:00Z') };
    return createHttp({
      settings,
      callShare: 1,
      clock,
      retryOptions: { ...FAST_RETRIES, retries: 0, ...retryOptions },
    });
  }

  test('a connection without any response is closed at the deadline', async () => {
    const closed = Promise.withResolvers<void>();
    const { port } = await listening((socket) => socket.resume().on('close', () => closed.resolve()));
    const error = await failure(httpTo(`http://127.0.0.1:${port}`, { timeoutMs: 200 }).call(LIMITS, SIGNAL));
    expect(error).toMatchObject({ kind: 'retry', code: 'TIMEOUT' });
    await closed.promise;
  });

  test('a call is retried if the connection ends in the middle of the body', async () => {
    let connections = 0;
    const { port } = await listening((socket) => {
      connections += 1;
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"access_token"'));
    });
    const error = await failure(httpTo(`http://127.0.0.1:${port}`, { retries: 2 }).call(LIMITS, SIGNAL));
    expect(error).toMatchObject({ kind: 'retry', code: 'CONNECTION' });
    expect(connections).toBe(3);
  });

  test('the error of a failed DNS lookup contains its system code', async () => {
    const error = await failure(httpTo('http://acme.my.salesforce.invalid').call(LIMITS, SIGNAL));
    expect(error).toMatchObject({ kind: 'retry', message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) });
  });

  test('the error of a refused connection contains its system code', async () => {
    const { port, close } = await listening(() => undefined);
    await close();
    const error = await failure(httpTo(`http://127.0.0.1:${port}`).call(LIMITS, SIGNAL));
    expect(error).toMatchObject({ kind: 'retry', message: expect.stringContaining('ECONNREFUSED') });
  });

  test('the error of a failed TLS handshake contains its system code but not the client secret', async () => {
    const { port } = await listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const error = await failure(httpTo(`https://127.0.0.1:${port}`).call(LIMITS, SIGNAL));
    expect(error).toMatchObject({ kind: 'retry', code: 'CONNECTION', message: expect.stringMatching(/, [A-Z_]+\)$/) });
    expect(`${error.stack} ${String(error.cause)}`).not.toContain('very-secret');
  });
});

test('a write with multi-byte characters, quotes and backslashes is stored unchanged', async () => {
  const { org, parts } = await openWith([]);
  const LastName = 'Müller 李 🚀 "x\\';
  const records = [{ attributes: { type: 'Lead' }, id: org.lead(0), LastName }];
  const call = {
    what: 'writing',
    method: 'PATCH',
    path: '/composite/sobjects',
    responseSchema: z.array(z.looseObject({ success: z.literal(true) })),
  } as const;
  await parts.http.call({ ...call, body: { allOrNone: false, records } }, SIGNAL);
  expect(await org.column(`SELECT LastName FROM Lead WHERE Id = '${org.lead(0)}'`, 'LastName')).toEqual([LastName]);
});

test('the deadline of a large upload is extended by its time on a slow line', async () => {
  const fault = { match: { path: '/jobs/ingest' }, action: { delayMs: 900, status: 201, body: {} } };
  const { parts } = await openWith([fault], {}, { retryOptions: { timeoutMs: 300, retries: 0 } });
  const call = {
    what: 'uploading',
    method: 'PUT',
    path: '/jobs/ingest/x/batches',
    responseSchema: z.unknown(),
  } as const;
  expect(await failure(parts.http.call({ ...call, body: 'few' }, SIGNAL))).toMatchObject({ code: 'TIMEOUT' });
  expect(await parts.http.call({ ...call, body: 'many '.repeat(40_000) }, SIGNAL)).toEqual({});
});

test('the call count includes retries and excludes logins', async () => {
  const { parts } = await openWith([{ match: { ...AT_LIMITS, times: 1 }, action: { status: 503, body: '' } }]);
  expect(parts.http.apiCallCount()).toBe(1);
  await limits(parts);
  expect(parts.http.apiCallCount()).toBe(3);
});

test.each([-600_000, 0, 600_000])('now() returns the time of the org if our clock is %i ms ahead', async (aheadMs) => {
  const { org } = await openWith([]);
  const { http } = partsFor(org, { aheadMs });
  expect(await http.now(SIGNAL)).toBe(org.now());
  expect(http.apiCallCount()).toBe(0);
});
