// Limits of request bodies: each up to the limit of its endpoint, all together up to the limit of
// the process. Bytes that are discarded do not count.
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { freshStore } from '../../store/fresh-store.ts';
import { BACKEND } from '../../support/backends.ts';
import { changed, signed } from '../../support/hubspot-webhooks.ts';
import { headOf, openSocket, readStatus, startTestServer, type TestServer } from '../test-server.ts';
import { HUBSPOT, post, send } from '../webhooks/hubspot-sender.ts';

const store = freshStore(BACKEND);
const KEYS = [{ source: 'website', key: 'website-key-0123456789' }];
const TEN_MEGABYTES = Buffer.alloc(10_000_000, 0x20);

const open = (maxBufferedBytes?: number) =>
  startTestServer({
    ...{ db: store.db, receivers: HUBSPOT, keys: KEYS },
    ...(maxBufferedBytes !== undefined && { maxBufferedBytes: maxBufferedBytes }),
  });
/** One event, preceded by white space. */
function padded(bytes: number): Buffer<ArrayBuffer> {
  return Buffer.from(JSON.stringify([changed(1)]).padStart(bytes, ' '));
}

describe('a body of ten megabytes', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await open();
  });

  test('is refused by its Content-Length, before it has arrived', async () => {
    const socket = await openSocket(server.port);
    const headers = { ...signed(TEN_MEGABYTES), 'content-length': 10_000_000 };
    socket.write(headOf('/webhooks/hubspot', headers));
    socket.write(TEN_MEGABYTES.subarray(0, 64_000));
    expect(await readStatus(socket)).toBe(413);
    expect(await server.requests('hubspot', 'too_large')).toBe(1);
    await server.expectNothingStored();
  });

  test('is refused before it has arrived when it has no Content-Length', async () => {
    const sending = httpRequest(`${server.url}/webhooks/hubspot`, { method: 'POST', headers: signed(TEN_MEGABYTES) });
    const answered = once(sending, 'response');
    let isAnswered = false;
    void answered.then(() => {
      isAnswered = true;
    });
    let written = 0;
    while (!isAnswered) {
      written += 64_000;
      if (!sending.write(TEN_MEGABYTES.subarray(0, 64_000))) await Promise.race([once(sending, 'drain'), answered]);
    }
    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    expect(written).toBeGreaterThan(8_000_000);
    sending.destroy();
    await server.expectNothingStored();
  });

  test('is refused when it is that large only after decompression', async () => {
    const headers = { ...signed(TEN_MEGABYTES), 'content-encoding': 'gzip' };
    expect((await post(server, gzipSync(TEN_MEGABYTES), headers)).status).toBe(413);
    await server.expectNothingStored();
  });
});

test.each([
  ['compressed with an unsupported method', 'br', Buffer.from('[]')],
  ['not compressed as its header says', 'gzip', Buffer.from('[]')],
  ['compressed and truncated', 'gzip', gzipSync(padded(10_000)).subarray(0, -20)],
])('a body that is %s is refused with 400 and counted', async (_what, encoding, body) => {
  const server = await open();
  const response = await post(server, body, { ...signed(body), 'content-encoding': encoding });
  expect(response.status).toBe(400);
  expect(await server.requests('hubspot', 'bad_body')).toBe(1);
  await server.expectNothingStored();
});

test('a request without a signature is refused before its body has arrived', async () => {
  const server = await open();
  const socket = await openSocket(server.port);
  socket.write(`${headOf('/webhooks/hubspot', { 'content-length': 5_000_000 })}[`);
  expect(await readStatus(socket)).toBe(401);
  await server.expectNothingStored();
});

describe('a body that arrives after the response', () => {
  test.each([
    ['of a request without a signature', '/webhooks/hubspot', {}, 401],
    ['of a request to an unknown path', '/webhooks/hubspot/more', {}, 404],
    ['of a request with a wrong write key', '/events', { authorization: 'Bearer wrong' }, 401],
    ['of a request that is too large', '/webhooks/hubspot', signed('[]'), 413],
  ])('%s does not count against the limit of the process', async (_what, path, headers, status) => {
    const server = await open(100_000);
    const length = status === 413 ? 8_000_001 : 80_000;
    for (let time = 0; time < 4; time += 1) {
      const socket = await openSocket(server.port);
      socket.write(headOf(path, { ...headers, 'content-length': length }));
      expect(await readStatus(socket)).toBe(status);
      const rest = Buffer.alloc(length, 0x20);
      for (let at = 0; at < length; at += 20_000) socket.write(rest.subarray(at, at + 20_000));
      // The response to this second request shows that the whole first body has arrived.
      socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
      expect(await readStatus(socket)).toBe(200);
    }
    expect((await send(server, [changed(1)])).status).toBe(200);
  });

  const large = Buffer.alloc(300_000, 0x20);
  test.each([
    ['of a request above the limit of the process', large, {}],
    ['of a compressed request above that limit', gzipSync(large, { level: 0 }), { 'content-encoding': 'gzip' }],
  ])('%s does not count against the limit of the process', async (_what, body, encoding) => {
    const server = await open(100_000);
    for (let time = 0; time < 4; time += 1) {
      const socket = await openSocket(server.port);
      socket.write(headOf('/webhooks/hubspot', { ...signed('[]'), ...encoding, 'content-length': body.length }));
      socket.write(body.subarray(0, 200_000));
      expect(await readStatus(socket)).toBe(503);
      socket.write(body.subarray(200_000));
      socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
      expect(await readStatus(socket)).toBe(200);
    }
    expect((await send(server, [changed(1)])).status).toBe(200);
  });
});

describe('the bodies of all requests together', () => {
  const half = (bytes: number) => ({ ...signed('[]'), 'content-length': bytes });

  test('are buffered up to the limit of the process, at every endpoint; a request above it gets 503 and Retry-After', async () => {
    const server = await open(100_000);
    const slow = await openSocket(server.port);
    slow.write(headOf('/webhooks/hubspot', half(90_000)));
    slow.write(Buffer.alloc(80_000, 0x20));
    const body = padded(60_000);
    const sendLarge = () => post(server, body, signed(body));
    await vi.waitFor(async () => expect((await sendLarge()).status).toBe(503), { timeout: 30_000 });
    expect((await sendLarge()).headers.get('retry-after')).toBe('1');
    const event = JSON.stringify({ writeKey: 'website-key-0123456789', padding: 'x'.repeat(30_000) });
    expect((await post(server, event, {}, '/events')).status).toBe(503);
    expect(await server.requests('hubspot', 'busy')).toBeGreaterThanOrEqual(2);
    expect(await server.requests('site', 'busy')).toBe(1);
    expect((await send(server, [changed(2)])).status).toBe(200);
    slow.destroy();
    await vi.waitFor(async () => expect((await sendLarge()).status).toBe(200), { timeout: 30_000 });
  });

  test('count with their decompressed size', async () => {
    const server = await open(100_000);
    const body = padded(150_000);
    const compressed = gzipSync(body);
    expect(compressed.length).toBeLessThan(2_000);
    expect((await post(server, compressed, { ...signed(body), 'content-encoding': 'gzip' })).status).toBe(503);
    await server.expectNothingStored();
  });

  test('stop counting after the response', async () => {
    const server = await open(100_000);
    for (let time = 0; time < 5; time += 1) {
      const body = padded(60_000);
      expect((await post(server, body, signed(body))).status).toBe(200);
    }
  });

  test('do not block other requests while fifty of them are half sent and compressed, and none of the fifty is stored', async () => {
    const server = await open();
    const compressed = gzipSync(padded(10_000));
    const headers = { ...half(compressed.length), 'content-encoding': 'gzip' };
    const slow = await Promise.all(Array.from({ length: 50 }, () => openSocket(server.port)));
    for (const socket of slow) {
      socket.write(headOf('/webhooks/hubspot', headers));
      socket.write(compressed.subarray(0, compressed.length / 2));
    }
    expect((await send(server, [])).status).toBe(200);
    for (const socket of slow) socket.destroy();
    await vi.waitFor(async () => expect(await server.requests('hubspot', 'bad_body')).toBe(50), { timeout: 30_000 });
    await server.expectNothingStored();
  });
});
