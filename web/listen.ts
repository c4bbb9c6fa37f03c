// The HTTP server of the web role. Reachable from the internet, so it has strict limits.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Express } from 'express';
import { limitConnections } from './http/connection-limit.ts';

/** Slowloris protection: slow requests are aborted. HubSpot itself gives up after five seconds. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 12_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
};
const MAX_CONNECTIONS = 1_000;

/** @throws the system error when the port is in use */
export async function startHttpServer(app: Express, port: number): Promise<Server> {
  const server = createServer(LIMITS, app);
  limitConnections(server, MAX_CONNECTIONS);
  server.listen(port);
  await once(server, 'listening');
  return server;
}
