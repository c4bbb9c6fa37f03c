import { readdirSync } from 'node:fs';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { PRIORITY } from '../../src/domain/priority.ts';
import { putInInbox } from '../../src/store/inbox/inbox.ts';
import { migrateToLatest } from '../../src/store/migrate.ts';
import { inboxKeys } from '../../src/store/migrations/0012-inbox-keys.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { takeMarks } from '../../src/store/records/mark-dirty-from-inbox.ts';
import { SETUPS } from '../support/backends.ts';
import { startNode } from '../support/processes.ts';

const SCRIPT = new URL('./processes/use-database.ts', import.meta.url).pathname;

const FOLDER = new URL('../../src/store/migrations/', import.meta.url);
const ALL = readdirSync(FOLDER)
  .map((file) => file.replace(/\.ts$/, ''))
  .toSorted();

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

describe.each(SETUPS.filter(({ name }) => !name.includes('redis')))('migrations ($name)', ({ createEmpty }) => {
  async function installation() {
    const { env, destroy } = await createEmpty();
    endings.push(destroy);
    return env;
  }

  async function open(env: { DATABASE_URL?: string; DATA_DIR: string }) {
    const database = await openDatabase({ databaseUrl: env.DATABASE_URL, dataDir: env.DATA_DIR });
    endings.push(database.close);
    return database.db;
  }

  test('run once: a second start finds nothing to do', async () => {
    const db = await open(await installation());
    expect((await migrateToLatest(db)).applied).toEqual(ALL);
    expect((await migrateToLatest(db)).applied).toEqual([]);
    expect(await db.selectFrom('leads').selectAll().execute()).toEqual([]);
  });

  test('run once when three processes start at the same moment', async () => {
    const env = await installation();
    const db = await open(env);
    const processes = Array.from({ length: 3 }, (_, number) => startNode(SCRIPT, [`process ${number}`], { ...env }));
    for (const process of processes) endings.push(process.kill);
    const reports = await Promise.all(processes.map((process) => process.line(/^applied /)));
    expect(reports.toSorted()).toEqual([`applied ${JSON.stringify(ALL)}`, ...Array(2).fill('applied []')]);
    await Promise.all(processes.map((process) => process.line(/^counted 1$/)));
    expect(await db.selectFrom('leads').selectAll().execute()).toEqual([]);
  });

  test('that a newer version has run do not stop this one', async () => {
    const db = await open(await installation());
    await migrateToLatest(db);
    await sql`insert into leadgrade.kysely_migration values ('0999-later', '2030-01-01T00:00:00.000Z')`.execute(db);
    expect(await migrateToLatest(db)).toEqual({ applied: [], newer: ['0999-later'] });
  });

  test('leave nothing behind when one fails, and can be run again', async () => {
    const db = await open(await installation());
    await sql`create schema leadgrade`.execute(db);
    await sql`create table leadgrade.rate_buckets (key text)`.execute(db);
    await expect(migrateToLatest(db)).rejects.toThrow(/^Migration 0001-initial failed/);
    await sql`drop table leadgrade.rate_buckets`.execute(db);
    expect((await migrateToLatest(db)).applied).toEqual(ALL);
  });

  test('carry over what waits in the inbox, and which events have arrived', async () => {
    const db = await open(await installation());
    await migrateToLatest(db);
    const event = (key: string, id: string, occurredAt: number | null) => ({
      ...{ key, account: '1', kind: 'record' as const, object: 'contacts', id },
      ...{ priority: PRIORITY.change, occurredAt },
    });
    const now = new Date('2026-03-10T12:00:00Z');
    await sql`drop table leadgrade.inbox, leadgrade.inbox_keys`.execute(db);
    await sql`
      create table leadgrade.inbox as
      select row_number() over () as seq, t.*, '1' as account, 'record' as kind, 'contacts' as object,
        1::smallint as priority, timestamptz '2026-03-10T11:59:58.123Z' as occurred_at, ${now}::timestamptz as received_at
      from (values ('hubspot', 'é:1', 'a', null::timestamptz), ('hubspot', '2', 'b', ${now}),
        ('salesforce', '3', 'c', ${now})) as t (crm, key, record_id, taken_at)`.execute(db);
    await db.transaction().execute((tx) => inboxKeys.up(tx));
    const marks = { own: null, limit: 10, now, quietMs: 0 };
    expect(await takeMarks(db, { crm: 'hubspot', ...marks })).toEqual({ looked: 1, marked: 1, foreign: 0 });
    expect(await takeMarks(db, { crm: 'salesforce', ...marks })).toMatchObject({ looked: 0 });
    const at = Date.parse('2026-03-10T11:59:58.123Z');
    const again = [event('é:1', 'a', at), event('2', 'b', at), event('4', 'd', at)];
    expect(await putInInbox(db, 'hubspot', again, now)).toBe(1);
    expect(await putInInbox(db, 'salesforce', [event('3', 'c', null)], now)).toBe(0);
  });
});
