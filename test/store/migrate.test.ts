import { readdirSync } from 'node:fs';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';
import { deleteSchema, migrateToLatest, OutdatedSchemaError } from '../../src/store/migrate.ts';
import { BACKEND, type BackendEnv, openDatabaseOf } from '../support/backends.ts';
import { startNode } from '../support/processes.ts';

const SCRIPT = new URL('./processes/use-database.ts', import.meta.url).pathname;

const FOLDER = new URL('../../src/store/migrations/', import.meta.url);
const ALL = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .flatMap((file) => /(?:^|[\\/])(\d{4}-[^\\/]*)\.ts$/.exec(file)?.[1] ?? [])
  .toSorted();

describe(`migrations (${BACKEND.name})`, () => {
  const installation = async () => (await BACKEND.createEmpty()).env;
  const open = async (env: BackendEnv) => (await openDatabaseOf(env)).db;

  test('run once, and a second start runs none', async () => {
    const db = await open(await installation());
    expect((await migrateToLatest(db)).applied).toEqual(ALL);
    expect((await migrateToLatest(db)).applied).toEqual([]);
    expect(await db.selectFrom('leads').selectAll().execute()).toEqual([]);
  });

  test('run once if three processes start at the same moment', async () => {
    const env = await installation();
    const db = await open(env);
    const processes = Array.from({ length: 3 }, (_, number) => startNode(SCRIPT, [`process ${number}`], { ...env }));
    for (const process of processes) endWithTest(process.kill);
    const reports = await Promise.all(processes.map((process) => process.line(/^applied /)));
    expect(reports.toSorted()).toEqual([`applied ${JSON.stringify(ALL)}`, ...Array(2).fill('applied []')]);
    await Promise.all(processes.map((process) => process.line(/^counted 1$/)));
    expect(await db.selectFrom('leads').selectAll().execute()).toEqual([]);
  });

  test('refuse a database of an earlier version and leave it unchanged, until its schema is deleted', async () => {
    const db = await open(await installation());
    await sql`create schema leadgrade`.execute(db);
    await sql`create table leadgrade.halts (crm text)`.execute(db);
    await expect(migrateToLatest(db)).rejects.toThrow(OutdatedSchemaError);
    await expect(migrateToLatest(db)).rejects.toThrow(/DATABASE_URL.*DATA_DIR.*leadgrade migrate --reset/);
    await sql`insert into leadgrade.halts values ('hubspot')`.execute(db);
    await deleteSchema(db);
    expect((await migrateToLatest(db)).applied).toEqual(ALL);
  });

  test('of a newer version do not stop an older version', async () => {
    const db = await open(await installation());
    await migrateToLatest(db);
    await sql`insert into leadgrade.kysely_migration values ('0999-later', '2030-01-01T00:00:00.000Z')`.execute(db);
    expect(await migrateToLatest(db)).toEqual({ applied: [], newer: ['0999-later'] });
  });

  test('leave no changes if one fails, and can be run again', async () => {
    const db = await open(await installation());
    await sql`create schema leadgrade`.execute(db);
    await sql`create table leadgrade.rate_buckets (key text)`.execute(db);
    await expect(migrateToLatest(db)).rejects.toThrow(/^Migration 0001-initial failed/);
    await sql`drop table leadgrade.rate_buckets`.execute(db);
    expect((await migrateToLatest(db)).applied).toEqual(ALL);
  });
});
