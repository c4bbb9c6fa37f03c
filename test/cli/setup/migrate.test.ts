// `leadgrade migrate` on a database of an earlier version, and `--reset`.
import { readdirSync } from 'node:fs';
import { type Kysely, sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { QUEUE } from '../../../jobs/job-types.ts';
import { openQueueBackend } from '../../../jobs/queue/queue-backend.ts';
import { type OpenDatabase, openDatabase } from '../../../src/store/open-database.ts';
import type { Tables } from '../../../src/store/tables/tables.ts';
import { BACKEND, type Installation } from '../../support/backends.ts';
import { leadgradeHere } from '../run-command.ts';

const FOLDER = new URL('../../../src/store/migrations/', import.meta.url);
/** Each is a file or a folder. */
const MIGRATIONS = readdirSync(FOLDER)
  .map((file) => file.replace(/\.ts$/, ''))
  .toSorted();

let installation: Installation;
beforeEach(async () => {
  installation = await BACKEND.createEmpty();
});

const run = (args: readonly string[], input = '') => leadgradeHere(args, { env: { ...installation.env }, input });

async function withDatabase<T>(work: (database: OpenDatabase) => Promise<T>): Promise<T> {
  const { DATABASE_URL: databaseUrl, DATA_DIR: dataDir } = installation.env;
  const database = await openDatabase({ databaseUrl, dataDir });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

async function createFormerTables({ db }: { readonly db: Kysely<Tables> }) {
  await sql`create schema leadgrade`.execute(db);
  await sql`create table leadgrade.halts (crm text)`.execute(db);
}

function withQueue<T>(work: (queue: Awaited<ReturnType<typeof openQueue>>['queue']) => Promise<T>): Promise<T> {
  return withDatabase(async (database) => {
    const { queue, close } = await openQueue(database);
    try {
      return await work(queue);
    } finally {
      await close();
    }
  });
}

async function openQueue({ connection, embedded }: OpenDatabase) {
  const backend = await openQueueBackend({ redisUrl: installation.env.REDIS_URL, connection, embedded });
  return { queue: backend.queue<object>(QUEUE), close: () => backend.close({ deadlineMs: 10_000 }) };
}

test('a command on a database of an earlier version ends with exit code 2 and names the two ways out', async () => {
  await withDatabase(createFormerTables);
  for (const args of [['migrate'], ['errors', 'list'], ['start']]) {
    const refused = await run(args);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^The database has tables of an earlier version.*DATABASE_URL.*migrate --reset\.$/m);
  }
});

test('migrate --reset asks, and changes nothing unless the answer is yes', async () => {
  await withDatabase(createFormerTables);
  for (const answer of ['', 'no\n']) {
    const refused = await run(['migrate', '--reset'], answer);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/This deletes all data of Leadgrade in .*Nothing was deleted\./s);
  }
  expect((await run(['migrate'])).code).toBe(2);
  const reset = await run(['migrate', '--reset'], 'yes\n');
  expect(reset).toMatchObject({ code: 0, stdout: `Database: all data deleted; applied ${MIGRATIONS.join(', ')}.\n` });
  expect(await run(['migrate'])).toMatchObject({ code: 0, stdout: 'Database: up to date already.\n' });
}, 180_000);

test('migrate --reset --yes deletes the rows, the jobs and the schedule without asking', async () => {
  await run(['migrate']);
  await withDatabase(({ db }) => sql`insert into leadgrade.leads (created_at) values (now())`.execute(db));
  await withQueue(async (queue) => {
    await queue.add('former-job', {});
    await queue.upsertJobScheduler('former-schedule', { every: 60_000 }, { name: 'former-job', data: {} });
  });
  const reset = await run(['migrate', '--reset', '--yes', '--json']);
  expect(reset.code).toBe(0);
  expect(JSON.parse(reset.stdout)).toEqual({ applied: MIGRATIONS, newer: [], reset: true });
  expect(await withDatabase(({ db }) => db.selectFrom('leads').selectAll().execute())).toEqual([]);
  await withQueue(async (queue) => {
    expect(await queue.getJobSchedulers()).toEqual([]);
    const counts = Object.values(await queue.getJobCounts());
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(0);
    expect(await queue.isPaused()).toBe(false);
  });
}, 180_000);

test('migrate --yes without --reset is bad usage', async () => {
  expect(await run(['migrate', '--yes'])).toMatchObject({ code: 2, stdout: '' });
});
