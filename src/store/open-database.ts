// Opens the database: the one of DATABASE_URL, or without it the embedded one in the data folder.
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import pg from 'pg';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './embedded/embedded-database.ts';
import type { Tables } from './tables/tables.ts';

/** The schema of our own tables. Named in every query, as PGlite's one session has no search path of ours. */
export const SCHEMA = 'leadgrade';

export interface OpenDatabase {
  /** Every query of it names the schema `leadgrade`; raw SQL must do so itself. */
  readonly db: Kysely<Tables>;
  /** For the queue, which makes a pool of its own. */
  readonly connection: pg.PoolConfig;
  readonly embedded: boolean;
  /** Whether this process serves the data folder; false as well where there is none. */
  readonly ownsFolder: boolean;
  /** Waits for queries that run, then closes; an embedded database is flushed and its folder given back. */
  close(): Promise<void>;
}

interface DatabaseOptions {
  /** Absent: the embedded database in `dataDir`. */
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
}

const OWN_SERVER_POOL: pg.PoolConfig = {
  max: 10,
  connectionTimeoutMillis: 10_000,
  // A connection that a firewall forgot must show itself, or a worker waits for it for hours.
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  application_name: 'leadgrade',
};

// Work comes in short statements; one that takes longer has lost its way, or waits for somebody who has.
const OWN_SERVER_TIMEOUTS: pg.PoolConfig = {
  statement_timeout: 60_000,
  // The server ends it; this is for a server that is no longer heard of.
  query_timeout: 65_000,
  lock_timeout: 15_000,
  idle_in_transaction_session_timeout: 60_000,
};

// All connections share PGlite's one session: more of them do not make it faster.
const EMBEDDED_POOL: pg.PoolConfig = { user: 'postgres', database: 'postgres', max: 5 };

/** @throws when the embedded database cannot be opened; a server that is down shows itself at the first query. */
export async function openDatabase({ databaseUrl, dataDir }: DatabaseOptions): Promise<OpenDatabase> {
  if (databaseUrl !== undefined) {
    const connection = { ...OWN_SERVER_POOL, connectionString: databaseUrl };
    const db = connect(newPool({ ...connection, ...OWN_SERVER_TIMEOUTS }));
    return { db, connection, embedded: false, ownsFolder: false, close: () => db.destroy() };
  }
  const embedded = await openEmbeddedDatabase(dataDir);
  const connection = { ...EMBEDDED_POOL, host: embedded.socketFolder };
  const db = connect(withClearError(newPool(connection), embedded, dataDir));
  const close = async () => {
    await db.destroy();
    await embedded.close();
  };
  return { db, connection, embedded: true, ownsFolder: embedded.ownsFolder, close };
}

function newPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...config, types: TYPES });
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  // The same of one that somebody holds, between two queries: the next one fails, and the holder is told.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

function connect(pool: pg.Pool | PostgresPool): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema(SCHEMA);
}

// Counts and identities stay far below 2^53. For our own pools alone: the queue reads its numbers as it likes.
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format),
};

/** A connection that the owner of the folder does not take says so, instead of naming a socket. */
function withClearError(pool: pg.Pool, { ownsFolder }: EmbeddedDatabase, dataDir: string): PostgresPool {
  const message = ownsFolder
    ? `The embedded database in ${dataDir} has stopped. Start leadgrade again.`
    : `The process that serves the data folder ${dataDir} has ended. Start leadgrade again: it takes the folder over.`;
  const connectClearly = () =>
    pool.connect().catch((cause: unknown) => {
      throw new Error(message, { cause });
    });
  return { options: pool.options, connect: connectClearly, end: () => pool.end() };
}
