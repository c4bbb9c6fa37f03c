// Who sends a byte at a time, or nothing, is cut off, and costs the others nothing.
import { once } from 'node:events';
import { beforeEach, expect, test } from 'vitest';
import { freshStore } from '../../store/fresh-store.ts';
import { DEFAULT_BACKEND } from '../../support/backends.ts';
import { changed, signed } from '../../support/hubspot-webhooks.ts';
import { headOf, openSocket, startTestServer, type TestServer } from '../test-server.ts';
import { HUBSPOT, send } from '../webhooks/hubspot-sender.ts';

const store = freshStore(DEFAULT_BACKEND);
let server: TestServer;
beforeEach(async () => {
  server = await startTestServer({ db: store.db, receivers: HUBSPOT });
});

test('five hundred idle and slow connections do not keep good requests from their answers, and are all ended', async () => {
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
  const answers = await Promise.all(Array.from({ length: 20 }, (_, id) => send(server, [changed(id + 1)])));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  // A time-out of the test says that somebody was left.
  await endings;
  clearInterval(drip);
  const rows = await store.db.selectFrom('inbox').select('ids').execute();
  expect(rows.flatMap(({ ids }) => ids)).toHaveLength(20);
});
