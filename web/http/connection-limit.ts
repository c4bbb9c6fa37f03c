// Limits the open connections of a server. At the limit, a new connection takes the place of the one
// that has waited longest for its sender, so that slow and idle connections do not keep others out. A
// request that was received completely always gets its response.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export function limitConnections(server: Server, maxConnections: number): void {
  let open = 0;
  /** Connections that wait for bytes of their senders, the longest wait first. */
  const waiting = new Set<Socket>();
  const wait = (socket: Socket) => {
    waiting.delete(socket);
    if (!socket.destroyed) waiting.add(socket);
  };
  server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => {
      open -= 1;
      waiting.delete(socket);
    });
    if (open > maxConnections) {
      const [longest = socket] = waiting;
      waiting.delete(longest);
      longest.destroy();
    }
    wait(socket);
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    // The headers are complete: now it waits for the body.
    wait(socket);
    request.once('end', () => waiting.delete(socket));
    response.once('close', () => wait(socket));
  });
}
