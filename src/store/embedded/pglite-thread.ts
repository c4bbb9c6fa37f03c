// Runs as a worker thread: PGlite and its socket server. In a thread of their own, because a long query would otherwise stop
// the web role. Started by embedded-database.ts only.
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
// PGlite has one session for all connections and ignores the start-up option by which BullMQ names its schema.
await db.exec('SET search_path TO bullmq, public');
// We own the folder, so a socket that lies here was left behind by an owner that was killed.
await rm(path, { force: true });
const served = serializeProtocolMessages(db, (error) => {
  // Ends the thread, so that its clients are told instead of waiting.
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
