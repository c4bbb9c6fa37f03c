// The database and Redis of a running service, read by the test beside the service.
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { z } from 'zod';
import { type OpenDatabase, openDatabase } from '../../src/store/open-database.ts';
import type { BackendEnv } from './backends.ts';

export interface ServiceStore {
  /** Runs a query. On the embedded database it fails once after the service that owns the database has ended. */
  query<T>(text: string): Promise<readonly T[]>;
  /** All rows of all tables as text, one a line, and all keys and values of Redis, if there is one. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

const textSchema = z.object({ text: z.string().nullable() });

export function openStore({ DATABASE_URL, DATA_DIR, REDIS_URL }: BackendEnv): ServiceStore {
  let opened: Promise<OpenDatabase> | null = null;
  const close = async () => {
    const before = opened;
    opened = null;
    await (await before?.catch(() => null))?.close();
  };
  const query = async <T>(text: string) => {
    opened ??= openDatabase({ databaseUrl: DATABASE_URL, dataDir: DATA_DIR });
    try {
      const { db, ownsFolder } = await opened;
      const { rows } = await sql<T>`${sql.raw(text)}`.execute(db);
      // The folder is the service's as soon as it starts.
      if (ownsFolder) await close();
      return rows;
    } catch (error) {
      await close();
      throw error;
    }
  };
  const tables = async () => {
    const names = await query<{ name: string }>(`
      select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
      where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`);
    const each = names.map(({ name }) => `select string_agg(t::text, E'\\n') as text from ${name} t`);
    const texts = await query(each.join(' union all '));
    return texts.map((row) => textSchema.parse(row).text ?? '');
  };
  const dump = async () =>
    [...(await tables()), ...(REDIS_URL === undefined ? [] : await redisKeys(REDIS_URL))].join('\n');
  return { query, dump, close };
}

/** By what Redis calls the type. */
const READ: Readonly<Record<string, (redis: Redis, key: string) => Promise<unknown>>> = {
  string: (redis, key) => redis.get(key),
  hash: (redis, key) => redis.hgetall(key),
  list: (redis, key) => redis.lrange(key, 0, -1),
  set: (redis, key) => redis.smembers(key),
  zset: (redis, key) => redis.zrange(key, '0', '-1'),
  stream: (redis, key) => redis.xrange(key, '-', '+'),
};

async function redisKeys(url: string): Promise<readonly string[]> {
  const redis = new Redis(url);
  try {
    const lines: string[] = [];
    for await (const keys of redis.scanStream()) {
      for (const key of z.array(z.string()).parse(keys)) {
        const type = await redis.type(key);
        // It may have ended since.
        if (type === 'none') continue;
        const read = READ[type];
        if (read === undefined) throw new Error(`${key} is a ${type}, which this test cannot read.`);
        lines.push(`redis ${key} ${JSON.stringify(await read(redis, key))}`);
      }
    }
    return lines;
  } finally {
    await redis.quit();
  }
}
