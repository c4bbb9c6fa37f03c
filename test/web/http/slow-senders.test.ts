// Slowloris protection: slow and idle connections are closed, and do not delay other requests.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { beforeEach, expect, test } from 'vitest';
import { freshStore } from '../../store/fresh-store.ts';
import { BACKEND } from '../../support/backends.ts';
import { changed, signed } from '../../support/hubspot-webhooks.ts';
import { patient } from '../../support/patience.ts';
import { headOf, openSocket, startTestServer, type TestServer } from '../test-server.ts';
import { HUBSPOT, send } from '../webhooks/hubspot-sender.ts';

const store = freshStore(BACKEND);
let server: TestServer;
beforeEach(async () => {
  server = await startTestServer({ db: store.db, receivers: HUBSPOT });
});

test('five hundred idle and slow connections do not delay the responses to good requests, and are all closed', async () => {
  const sockets = await Promise.all(Array.from({ length: 500 }, () => openSocket(server.port)));
  const endings = Promise.all(sockets.map((socket) => once(socket.resume(), 'close')));
  const [slowHeaders, slowBodies] = [sockets.slice(0, 50), sockets.slice(50, 100)];
  for (const socket of slowHeaders) socket.write('POST /webhooks/hubspot HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  for (const socket of slowBodies) {
    socket.write(headOf('/webhooks/hubspot', { ...signed('[]'), 'content-length': 900 }));
  }
  const drip = setInterval(() => {
    for (const socket of [...slowHeaders, ...slowBodies]) if (!socket.destroyed) socket.write('a');
  }, 500);
  const responses = await Promise.all(Array.from({ length: 20 }, (_, id) => send(server, [changed(id + 1)])));
  expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  // Times out if a connection is not closed.
  await endings;
  clearInterval(drip);
  const rows = await store.db.selectFrom('inbox').select('ids').execute();
  expect(rows.flatMap(({ ids }) => ids)).toHaveLength(20);
});

test('1,300 slow connections do not keep a good sender out: the slowest are closed first', async () => {
  const sockets: Socket[] = [];
  for (let opened = 0; opened < 1_300; opened += 100) {
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => openSocket(server.port)))));
  }
  for (const socket of sockets) if (!socket.destroyed) socket.write('POST /webhooks/hubspot HTTP/1.1\r\nHost: x\r\n');
  const responses = await Promise.all(Array.from({ length: 20 }, (_, id) => send(server, [changed(id + 1)])));
  expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  await expect
    .poll(() => sockets.filter(({ destroyed }) => destroyed).length, { timeout: patient(10_000) })
    .toBeGreaterThan(299);
});
