// The HTTP server of a sandbox. It listens on this machine only, and closing it ends open
// connections.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';

// Node closes idle connections after 5 s. In tests, client and server share a process; if it is
// busy for that long, the server closes a connection that the client has just reused (ECONNRESET).
const KEEP_ALIVE_MS = 60_000;

export interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1.
 * @param maxHeaderSize accepted bytes of request line and headers; absent: Node's own limit
 * @throws the system's error if the port is in use
 */
export async function listen(app: Express, port: number, maxHeaderSize?: number): Promise<RunningServer> {
  const limits = maxHeaderSize === undefined ? {} : { maxHeaderSize };
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, ...limits }, app);
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
