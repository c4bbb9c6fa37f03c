// The backend on which tests run: the database and the queue of an installation. TEST_BACKEND chooses it for a whole run:
// `embedded`, `postgres`, or `redis` (Postgres and Redis). Without it, tests use Postgres where it is installed, as a copy of a
// database on a server costs a tenth of the CPU of an embedded one; elsewhere they use the embedded database.
import { randomUUID } from 'node:crypto';
import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, inject } from 'vitest';
import { z } from 'zod';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/open-database.ts';
import { onServer, ownRedis, PGBOUNCER_MISSING, POSTGRES_MISSING, redisMissing } from './servers.ts';

export interface BackendEnv {
  readonly DATA_DIR: string;
  readonly DATABASE_URL?: string;
  readonly REDIS_URL?: string;
}

/** The settings of an installation that no other test uses. Destroyed with the test that creates it. */
export interface Installation {
  readonly env: BackendEnv;
  destroy(): Promise<void>;
}

export interface Backend {
  readonly name: 'embedded' | 'postgres' | 'redis';
  /** An installation with the tables and the queue as a start leaves them, without rows. */
  create(): Promise<Installation>;
  /** An installation that was never started: it has no tables. */
  createEmpty(): Promise<Installation>;
}

/** @param template a DATA_DIR to copy; null = an empty folder */
async function createFolder(template: string | null): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-test-'));
  // The folder holds a thousand files: cpSync needs a tenth of the time of the asynchronous `cp`.
  if (template !== null) cpSync(join(template, 'postgres'), join(folder, 'postgres'), { recursive: true });
  const destroy = endWithTest(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return { env: { DATA_DIR: folder }, destroy };
}

/** A database of the test's own, copied from `template` (null: an empty one). */
async function createDatabase(template: string | null): Promise<Installation> {
  const { postgres } = inject('templates');
  if (postgres === null) throw new Error(POSTGRES_MISSING);
  const name = `leadgrade_test_${randomUUID().replaceAll('-', '')}`;
  await onServer(postgres.serverUrl, `create database ${name}${template === null ? '' : ` template ${template}`}`);
  const url = new URL(postgres.serverUrl);
  url.pathname = `/${name}`;
  const { env, destroy } = await createFolder(null);
  const drop = endWithTest(async () => {
    await onServer(postgres.serverUrl, `drop database if exists ${name} with (force)`);
    await destroy();
  });
  return { env: { ...env, DATABASE_URL: url.href }, destroy: drop };
}

async function withRedis(createPostgres: () => Promise<Installation>): Promise<Installation> {
  const [postgres, redis] = await Promise.all([createPostgres(), ownRedis()]);
  const destroy = endWithTest(async () => {
    await redis.stop();
    await postgres.destroy();
  });
  return { env: { ...postgres.env, REDIS_URL: redis.url }, destroy };
}

const migratedDatabase = () => createDatabase(inject('templates').postgres?.database ?? null);
const emptyDatabase = () => createDatabase(null);

/** A DATA_DIR with the tables, which the caller's process may own. */
export const createDataDir = () => createFolder(inject('templates').embedded);

const ALL: Readonly<Record<Backend['name'], Backend>> = {
  embedded: {
    name: 'embedded',
    create: createDataDir,
    createEmpty: () => createFolder(inject('templates').emptyEmbedded),
  },
  postgres: {
    name: 'postgres',
    create: migratedDatabase,
    createEmpty: emptyDatabase,
  },
  redis: {
    name: 'redis',
    create: () => withRedis(migratedDatabase),
    createEmpty: () => withRedis(emptyDatabase),
  },
};

const names = z.enum(['embedded', 'postgres', 'redis'], {
  error: 'TEST_BACKEND: expected embedded, postgres or redis',
});

/** @throws Error when the servers of the chosen backend are missing */
async function chosenBackend(name: string | undefined): Promise<Backend> {
  const hasPostgres = inject('templates').postgres !== null;
  if (name === undefined) return hasPostgres ? ALL.postgres : ALL.embedded;
  const backend = ALL[names.parse(name)];
  if (backend.name !== 'embedded' && !hasPostgres) throw new Error(`TEST_BACKEND=${name}: ${POSTGRES_MISSING}.`);
  const missing = backend.name === 'redis' ? await redisMissing() : undefined;
  if (missing !== undefined) throw new Error(`TEST_BACKEND=${name}: ${missing}.`);
  return backend;
}

/** Opens the database of an installation. Closed with the test that opens it. */
export async function openDatabaseOf({ DATABASE_URL, DATA_DIR }: BackendEnv): Promise<OpenDatabase> {
  const database = await openDatabase({ databaseUrl: DATABASE_URL, dataDir: DATA_DIR });
  endWithTest(database.close);
  return database;
}

/** The backend of this run. */
export const BACKEND: Backend = await chosenBackend(process.env.TEST_BACKEND);

/** A Postgres server, whatever the backend of the run. */
export const POSTGRES: Backend = ALL.postgres;

/** For tests that need several connections at once, which the embedded database does not have. Skipped aloud without Postgres. */
export const describeOnPostgres = describeUnless(
  inject('templates').postgres === null ? POSTGRES_MISSING : undefined,
  'concurrent transactions',
);

/** For tests of a Redis of their own. Skipped aloud without redis-server. */
export const describeOnRedis = describeUnless(await redisMissing(), 'the queue on Redis');

/** For tests of a PgBouncer of their own. Skipped aloud without pgbouncer or Postgres. */
export const describeOnPgBouncer = describeUnless(
  inject('templates').postgres === null ? POSTGRES_MISSING : PGBOUNCER_MISSING,
  'PgBouncer in transaction mode',
);

/** @throws Error with CI=true, where no test may be skipped */
function describeUnless(missing: string | undefined, what: string): typeof describe | typeof describe.skip {
  if (missing === undefined) return describe;
  if (process.env.CI === 'true') throw new Error(`The tests of ${what} cannot run: ${missing}.`);
  console.warn(`NOT TESTED: ${what}. ${missing}.`);
  return describe.skip;
}
