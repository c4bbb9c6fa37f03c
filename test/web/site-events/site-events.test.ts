// Events of a site are stored before they are acknowledged.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openDatabase } from '../../../src/store/open-database.ts';
import { BACKEND } from '../../support/backends.ts';
import { basic, PRODUCT, sendTo, siteUnderTest, startSiteServer, TRACK } from './site-sender.ts';

describe(`POST /events (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const { server, send, storedEvents } = siteUnderTest(setup);

  test('a repeated message is stored once, also within a batch; the same ID of another source is another message', async () => {
    await send({ batch: [TRACK, TRACK] });
    await Promise.all([send(TRACK), send(TRACK), send({ batch: [TRACK] })]);
    await send(TRACK, basic(PRODUCT));
    expect((await storedEvents()).map((event) => event.source).toSorted()).toEqual(['product', 'website']);
    expect(server().triggerCount()).toBe(2);
  });

  test('characters that Postgres cannot store are removed or replaced, and the event is stored', async () => {
    expect(await send({ ...TRACK, properties: { product: 'a\0b\ud800' } })).toMatchObject({ status: 200 });
    expect(await storedEvents()).toMatchObject([{ attributes: { product: 'ab\ufffd' } }]);
  });

  test('a message with __proto__ and constructor keys pollutes no prototype', async () => {
    const text = `{"__proto__":{"type":"page","polluted":true},"type":"track","event":"Clicked","userId":"u1",
      "properties":{"__proto__":{"email":"pat@acme.example","polluted":true},"constructor":{"prototype":{"polluted":true}}},
      "traits":{"__proto__":{"hubspot_id":"1"}},"context":{"__proto__":{"externalIds":[{"type":"hubspot","id":"1"}]}}}`;
    expect(await send(text)).toMatchObject({ status: 200 });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(await storedEvents()).toMatchObject([
      { type: 'product_use', attributes: { event: 'Clicked' }, email_key: null, crm: null },
    ]);
  });
});

test('a request while the database hangs gets 503 in time, is counted and logged, and triggers no job', async () => {
  // Accepts connections and never responds.
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = z.object({ port: z.number() }).parse(silent.address());
  const database = await openDatabase({ databaseUrl: `postgres://nouser@127.0.0.1:${port}/none`, dataDir: '.' });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    silent.close();
    await database.close();
  });
  const server = await startSiteServer({ db: database.db, storeTimeoutMs: 200 });
  const startedAt = performance.now();
  const response = await sendTo(server, TRACK);
  // The connection time-out of the pool is ten seconds.
  expect(performance.now() - startedAt).toBeLessThan(9_000);
  expect(response).toMatchObject({ status: 503, body: { success: false } });
  expect((await sendTo(server, TRACK, {})).status).toBe(401);
  expect(server.triggerCount()).toBe(0);
  expect(server.warnings).toEqual([
    'could not store events of website; the source sends them again {"source":"website","error":"TimeoutError"}',
  ]);
  expect(await server.requests('site', 'not_stored')).toBe(1);
});
