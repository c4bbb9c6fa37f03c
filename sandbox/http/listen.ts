// A sandbox's server: on this machine only, and ended without waiting for anybody.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1.
 * @param maxHeaderSize bytes of a request's line and headers that are let in; absent: Node's own limit
 * @throws the system's error when the port is taken
 */
export async function listen(app: Express, port: number, maxHeaderSize?: number): Promise<Listening> {
  const server = createServer(maxHeaderSize === undefined ? {} : { maxHeaderSize }, app);
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
    server.listen(port, '127.0.0.1');
  });
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the sandbox server has no port');
  return address.port;
}
