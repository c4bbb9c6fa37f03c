// The worker thread with PGlite and its socket server, started by embedded-database.ts only. On the
// main thread, a long query would block the web role.
import { rm } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { z } from 'zod';
import { serializeProtocolMessages } from './message-groups.ts';

const { filesFolder, path, maxConnections } = z
  .object({ filesFolder: z.string(), path: z.string(), maxConnections: z.int() })
  .parse(workerData);

const db = await PGlite.create({ dataDir: filesFolder });
// PGlite has one session for all connections and ignores the start-up option that names BullMQ's
// schema.
await db.exec('SET search_path TO bullmq, public');
// This process owns the folder, so an existing socket is a remainder of a killed owner.
await rm(path, { force: true });
const served = serializeProtocolMessages(db, (error) => {
  // Ends the thread, so that its clients get an error instead of waiting.
  setImmediate(() => {
    throw error;
  });
});
const server = new PGLiteSocketServer({ db: served, path, maxConnections });
await server.start();

parentPort?.once('message', async () => {
  await server.stop();
  await db.close();
  await rm(path, { force: true });
  parentPort?.postMessage('closed');
  parentPort?.close();
});
parentPort?.postMessage('ready');
