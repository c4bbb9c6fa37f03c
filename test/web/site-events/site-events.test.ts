// What a site sends to `POST /events` is kept before it is answered, on either store.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openDatabase } from '../../../src/store/open-database.ts';
import { STORES } from '../../store/fresh-store.ts';
import { basic, PRODUCT, sendTo, siteUnderTest, startSiteServer, TRACK } from './site-sender.ts';

describe.each(STORES)('POST /events ($name)', (setup) => {
  const { door: server, send, kept } = siteUnderTest(setup);

  test('a message that comes again is kept once, also within a batch; of another source it is another one', async () => {
    await send({ batch: [TRACK, TRACK] });
    await Promise.all([send(TRACK), send(TRACK), send({ batch: [TRACK] })]);
    await send(TRACK, basic(PRODUCT));
    expect((await kept()).map((event) => event.source).toSorted()).toEqual(['product', 'website']);
    expect(server().triggerCount()).toBe(2);
  });

  test('text that Postgres does not take is kept without what it does not take', async () => {
    expect(await send({ ...TRACK, properties: { product: 'a\0b\ud800' } })).toMatchObject({ status: 200 });
    expect(await kept()).toMatchObject([{ attributes: { product: 'ab\ufffd' } }]);
  });

  test('keys that would change every object are only names', async () => {
    const text = `{"__proto__":{"type":"page","polluted":true},"type":"track","event":"Clicked","userId":"u1",
      "properties":{"__proto__":{"email":"pat@acme.example","polluted":true},"constructor":{"prototype":{"polluted":true}}},
      "traits":{"__proto__":{"hubspot_id":"1"}},"context":{"__proto__":{"externalIds":[{"type":"hubspot","id":"1"}]}}}`;
    expect(await send(text)).toMatchObject({ status: 200 });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(await kept()).toMatchObject([
      { type: 'product_use', attributes: { event: 'Clicked' }, email_key: null, crm: null },
    ]);
  });
});

test('a database that is away is said in time, counted and logged, and nothing is rung for', async () => {
  // Takes connections and never answers.
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = z.object({ port: z.number() }).parse(silent.address());
  const database = await openDatabase({ databaseUrl: `postgres://nobody@127.0.0.1:${port}/none`, dataDir: '.' });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    silent.close();
    await database.close();
  });
  const server = await startSiteServer({ db: database.db, storeTimeoutMs: 200 });
  const began = performance.now();
  const answer = await sendTo(server, TRACK);
  // A connection is waited for ten seconds.
  expect(performance.now() - began).toBeLessThan(9_000);
  expect(answer).toMatchObject({ status: 503, body: { success: false } });
  expect((await sendTo(server, TRACK, {})).status).toBe(401);
  expect(server.triggerCount()).toBe(0);
  expect(server.warnings).toEqual([
    'events of website were not stored, and are to be sent again {"source":"website","error":"TimeoutError"}',
  ]);
  expect(await server.requests('site', 'not_stored')).toBe(1);
});
