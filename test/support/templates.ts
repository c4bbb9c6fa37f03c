// Runs once before all tests: makes a database of each kind, migrated and with the queue's tables. Tests copy it, because making
// one takes seconds of CPU. Tests of migrations and of the demo copy the empty one.
import { cpSync } from 'node:fs';
import { chmod, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openQueueBackend } from '../../jobs/queue/queue-backend.ts';
import { migrateToLatest } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { onServer, postgresServer } from './servers.ts';

export interface Templates {
  /** A migrated DATA_DIR that no process has open. */
  readonly embedded: string;
  readonly emptyEmbedded: string;
  /** Null where no Postgres runs and none can be started. */
  readonly postgres: { readonly serverUrl: string; readonly database: string } | null;
}

declare module 'vitest' {
  interface ProvidedContext {
    templates: Templates;
  }
}

export default async function makeTemplates(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(await roomiest(), 'leadgrade-'));
  // What tests write, they write there, too; a Postgres that we start runs as another user.
  await chmod(folder, 0o711);
  process.env.TMPDIR = folder;
  const embedded = join(folder, 'embedded');
  const emptyEmbedded = join(folder, 'empty');
  await (await openDatabase({ dataDir: emptyEmbedded })).close();
  cpSync(join(emptyEmbedded, 'postgres'), join(embedded, 'postgres'), { recursive: true });
  await makeReady({ dataDir: embedded });
  const server = await postgresServer();
  const database = `leadgrade_template_${process.pid}`;
  if (server !== null) {
    await onServer(server.url, `drop database if exists ${database}`, `create database ${database}`);
    const url = new URL(server.url);
    url.pathname = `/${database}`;
    await makeReady({ databaseUrl: url.href, dataDir: folder });
  }
  project.provide('templates', {
    embedded,
    emptyEmbedded,
    postgres: server === null ? null : { serverUrl: server.url, database },
  });
  // Tests start the product as a process many times: what it compiles is compiled once.
  process.env.NODE_COMPILE_CACHE = join(folder, 'compiled');
  return async () => {
    if (server !== null) await onServer(server.url, `drop database if exists ${database}`);
    await server?.stop();
    // A process that a test has just ended may still write to it.
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}

const MEMORY = '/dev/shm';
const ENOUGH = 4 * 1024 ** 3;

/** Databases of tests lie in memory where there is room: a tenth of what the tests take is files. */
async function roomiest(): Promise<string> {
  const { bavail, bsize } = await statfs(MEMORY).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize >= ENOUGH ? MEMORY : tmpdir();
}

async function makeReady(options: { readonly databaseUrl?: string; readonly dataDir: string }): Promise<void> {
  const database = await openDatabase(options);
  await migrateToLatest(database.db);
  const queues = await openQueueBackend({ connection: database.connection, embedded: database.embedded });
  await queues.close({ deadlineMs: 10_000 });
  await database.close();
}
