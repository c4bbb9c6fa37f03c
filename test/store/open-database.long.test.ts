import { lstat, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/open-database.ts';
import { BACKEND, createDataDir, describeOnPostgres, openDatabaseOf, POSTGRES } from '../support/backends.ts';
import { type Running, startNode } from '../support/processes.ts';

const SCRIPT = new URL('./processes/use-database.ts', import.meta.url).pathname;

const folder = async (): Promise<string> => (await createDataDir()).env.DATA_DIR;

function another(dataDir: string, ...args: readonly string[]): Running {
  const process = startNode(SCRIPT, args, { DATA_DIR: dataDir, DATABASE_URL: undefined });
  endWithTest(process.kill);
  return process;
}

const open = (dataDir: string) => openDatabaseOf({ DATA_DIR: dataDir });

async function countedBy(database: OpenDatabase, name: string): Promise<number> {
  const rows = database.db.selectFrom('rate_buckets').where('key', 'like', `${name}:%`);
  const { numbers } = await rows.select(({ fn }) => fn.countAll<number>().as('numbers')).executeTakeFirstOrThrow();
  return numbers;
}

describe(`a database (${BACKEND.name})`, () => {
  test('returns counts as numbers and instants as dates, and finds the tables in their schema', async () => {
    const { env } = await BACKEND.create();
    const database = await openDatabaseOf(env);
    const created = new Date('2026-03-01T10:00:00.123Z');
    await database.db.insertInto('leads').values({ created_at: created }).execute();
    const lead = await database.db.selectFrom('leads').select(['id', 'created_at']).executeTakeFirstOrThrow();
    expect(lead).toEqual({ id: 1, created_at: created });
    expect(database.embedded).toBe(env.DATABASE_URL === undefined);
  });
});

describeOnPostgres('a session of a Postgres server', () => {
  test('has limits for statements, locks and idle transactions', async () => {
    const { env } = await POSTGRES.create();
    const database = await openDatabaseOf(env);
    const { rows } = await sql<{ name: string; setting: string }>`
      select name, setting from pg_settings
      where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') order by name`.execute(
      database.db,
    );
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, Number(setting)]))).toEqual({
      idle_in_transaction_session_timeout: 60_000,
      lock_timeout: 15_000,
      statement_timeout: 45_000,
    });
  });
});

/** The modes of a folder and of everything in it. */
async function modesIn(path: string): Promise<ReadonlySet<string>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const paths = [path, ...entries.map((entry) => join(entry.parentPath, entry.name))];
  const modes = paths.map(async (each) => {
    const found = await lstat(each);
    return `${found.isDirectory() ? 'folder' : 'file'} ${(found.mode & 0o777).toString(8)}`;
  });
  return new Set(await Promise.all(modes));
}

describe('the data folder', () => {
  test('and everything in it can be read by its owner alone, while it is open and afterwards', async () => {
    const dataDir = await folder();
    const database = await openDatabase({ dataDir });
    expect(await modesIn(dataDir)).toEqual(new Set(['folder 700', 'file 600']));
    await database.close();
    expect(await modesIn(dataDir)).toEqual(new Set(['folder 700', 'file 600']));
  });

  test('belongs to the first process, and a second one uses it through the socket', async () => {
    const dataDir = await folder();
    const first = another(dataDir, 'first');
    await first.line(/^owner$/);
    await first.line(/^counted 1$/);
    const second = another(dataDir, 'second');
    await second.line(/^client$/);
    await second.line(/^counted 3$/);
    const third = await open(dataDir);
    expect(third.ownsFolder).toBe(false);
    expect(await countedBy(third, 'second')).toBeGreaterThanOrEqual(3);
  });

  test('is closed to other users of the machine', async () => {
    const dataDir = await folder();
    const { connection } = await open(dataDir);
    expect((await lstat(String(connection.host))).mode & 0o777).toBe(0o700);
    expect((await lstat(dataDir)).mode & 0o777).toBe(0o700);
  });

  test('keeps every committed row when its owner is killed, and the next process becomes the owner', async () => {
    const dataDir = await folder();
    for (const name of ['first', 'second']) {
      const owner = another(dataDir, name);
      await owner.line(/^owner$/);
      await owner.line(/^counted 20$/);
      await owner.kill();
      const printed = owner.output().match(/^counted \d+$/gm)?.length ?? 0;
      const database = await openDatabase({ dataDir });
      const counted = await countedBy(database, name);
      await database.close();
      expect(database.ownsFolder).toBe(true);
      expect(counted).toBeGreaterThanOrEqual(printed);
    }
  });

  test('whose owner has ended gives its clients an error with a fix, and a client that is opened again becomes the owner', async () => {
    const dataDir = await folder();
    const owner = another(dataDir, 'first');
    await owner.line(/^counted 1$/);
    const client = await open(dataDir);
    expect(await countedBy(client, 'first')).toBeGreaterThan(0);
    await owner.kill();
    await sql`select 1`.execute(client.db).catch(() => undefined);
    await expect(sql`select 1`.execute(client.db)).rejects.toThrow(/has ended\. Start leadgrade again/);
    const next = await open(dataDir);
    expect(next.ownsFolder).toBe(true);
    // The pool of the old client finds the new owner on the same socket.
    expect(await countedBy(client, 'first')).toBeGreaterThan(0);
  });

  test('has one owner when five processes start at once after a crash', async () => {
    const dataDir = await folder();
    const crashed = another(dataDir, 'crashed');
    await crashed.line(/^counted 1$/);
    await crashed.kill();
    const started = Array.from({ length: 5 }, (_, number) => another(dataDir, `process ${number}`));
    const roles = await Promise.all(started.map((process) => process.line(/^(owner|client)$/)));
    expect(roles.filter((role) => role === 'owner')).toHaveLength(1);
    await Promise.all(started.map((process) => process.line(/^counted 2$/)));
  });

  test('gets a new owner if the process id of the old one belongs to another program now', async () => {
    const dataDir = await folder();
    const reused = { pid: 1, startedAt: 'long ago', host: hostname(), socketFolder: dataDir, released: false };
    await writeFile(join(dataDir, 'owner-7.json'), JSON.stringify(reused));
    const database = await open(dataDir);
    expect(database.ownsFolder).toBe(true);
    expect((await readdir(dataDir)).filter((name) => name.startsWith('owner-'))).toEqual(['owner-8.json']);
  });

  test('can have a path that is too long for a socket', async () => {
    const short = await folder();
    const dataDir = join(short, 'a-folder-with-a-rather-long-name'.repeat(4));
    await mkdir(dataDir);
    await rename(join(short, 'postgres'), join(dataDir, 'postgres'));
    const owner = await openDatabase({ dataDir });
    const client = await openDatabase({ dataDir });
    expect([owner.ownsFolder, client.ownsFolder]).toEqual([true, false]);
    expect(String(owner.connection.host).startsWith(dataDir)).toBe(false);
    expect(client.connection.host).toBe(owner.connection.host);
    await client.close();
    await owner.close();
    await expect(lstat(String(owner.connection.host))).rejects.toThrow(/ENOENT/);
  });

  test('returns each connection the result of its own query when a large query arrives in parts', async () => {
    const { db } = await open(await folder());
    const large = 'x'.repeat(400_000);
    const queries = Array.from({ length: 120 }, async (_, number) => {
      if (number % 3 === 0) await sql`set statement_timeout = 0`.execute(db);
      const text = number % 2 === 0 ? `${number} ${large}` : `${number}`;
      const { rows } = await sql<{ length: number; number: string }>`
        select length(${text}::text) as length, split_part(${text}::text, ' ', 1) as number
      `.execute(db);
      return rows[0]?.length === text.length && rows[0].number === String(number);
    });
    expect(await Promise.all(queries)).toEqual(Array(120).fill(true));
  });

  test('rolls back the open transaction of a killed client', async () => {
    const dataDir = await folder();
    const owner = await open(dataDir);
    const client = another(dataDir, 'client', 'uncommitted');
    await client.line(/^inside$/);
    const counted = countedBy(owner, 'client');
    await client.kill();
    expect(await counted).toBe(0);
  });
});
