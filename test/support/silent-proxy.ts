// A TCP proxy that can go silent: connections stay open, and not a byte passes. So does a firewall that has dropped them.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { z } from 'zod';

export interface SilentProxy {
  readonly port: number;
  /** From now on nothing passes, in connections of before and in new ones. */
  silence(): void;
  /** New connections pass again. Those of before stay silent. */
  resume(): void;
  close(): Promise<void>;
}

export async function startSilentProxy(target: {
  readonly port: number;
  readonly host?: string;
}): Promise<SilentProxy> {
  let isSilent = false;
  const connected = new Set<() => void>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined).on('close', () => sockets.delete(client));
    if (isSilent) return;
    const upstream = connect(target.port, target.host ?? '127.0.0.1');
    sockets.add(upstream);
    upstream.on('error', () => client.destroy()).on('close', () => sockets.delete(upstream));
    client.pipe(upstream).pipe(client);
    connected.add(() => {
      client.unpipe();
      upstream.unpipe();
      for (const socket of [client, upstream]) socket.removeAllListeners('end').resume();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    port,
    silence: () => {
      isSilent = true;
      for (const stop of connected) stop();
      connected.clear();
    },
    resume: () => {
      isSilent = false;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
