// Who sends a byte at a time, or nothing, is cut off, and costs the others nothing.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import express from 'express';
import { afterEach, expect, test } from 'vitest';
import { listen } from '../../src/web/listen.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

test('five hundred idle and slow connections do not keep a good request from its answer, and are ended', async () => {
  const app = express();
  app.post(
    '/hook',
    express.raw({ type: () => true, limit: 1_000 }),
    (_request, response) => void response.json({ ok: true }),
  );
  const server = await listen(app, 0);
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const open = async () => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  await Promise.all(Array.from({ length: 498 }, open));
  const [headers, body] = [await open(), await open()];
  const ended = (socket: Socket) => once(socket, 'close').then(() => performance.now());
  headers.resume();
  body.resume();
  const endings = Promise.all([ended(headers), ended(body)]);
  headers.write('POST /hook HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  body.write('POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n');
  const drip = setInterval(() => {
    for (const socket of [headers, body]) if (!socket.destroyed) socket.write('a');
  }, 500);
  const began = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => fetch(`http://127.0.0.1:${port}/hook`, { method: 'POST', body: '{}' })),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  const [headersEnded, bodyEnded] = await endings;
  clearInterval(drip);
  expect(headersEnded - began).toBeLessThan(60_000);
  expect(bodyEnded - began).toBeLessThan(60_000);
  server.close();
  server.closeAllConnections();
});
