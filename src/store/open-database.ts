// Opens the database of DATABASE_URL or, without it, the embedded one in the data folder.
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import pg from 'pg';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './embedded/embedded-database.ts';
import type { Tables } from './tables/tables.ts';

/**
 * The schema of all tables. Every query names it: PGlite has one session, whose search path belongs
 * to BullMQ.
 */
export const SCHEMA = 'leadgrade';

export interface OpenDatabase {
  /** Adds the schema `leadgrade` to every query; raw SQL must name it. */
  readonly db: Kysely<Tables>;
  /** The same where a statement needs a session of its own, for migrations. Equals `db` without `sessionUrl`. */
  readonly sessionDb: Kysely<Tables>;
  /** For the queue, which opens its own pool. */
  readonly connection: pg.PoolConfig;
  readonly embedded: boolean;
  /** Whether this process serves the data folder; always false with DATABASE_URL. */
  readonly ownsFolder: boolean;
  /**
   * Waits for running queries, then closes. An embedded database is flushed and its folder
   * released.
   */
  close(): Promise<void>;
}

interface DatabaseOptions {
  /** Absent: the embedded database in `dataDir`. */
  readonly databaseUrl?: string | undefined;
  /**
   * The server itself, if `databaseUrl` is a PgBouncer in transaction mode. All that needs a session goes there: the
   * queue (LISTEN, a search path of its own) and migrations.
   */
  readonly databaseSessionUrl?: string | undefined;
  readonly dataDir: string;
}

const OWN_SERVER_POOL: pg.PoolConfig = {
  max: 10,
  connectionTimeoutMillis: 10_000,
  // Detects a connection that a firewall has dropped. Without it, a worker would wait for hours.
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  application_name: 'leadgrade',
};

// All statements are short. One that takes longer has a wrong plan, or waits for a lock of one that
// has.
const OWN_SERVER_TIMEOUTS: pg.PoolConfig = {
  statement_timeout: 45_000,
  // The server ends the statement itself; this is for a server that no longer responds.
  query_timeout: 50_000,
  lock_timeout: 15_000,
  idle_in_transaction_session_timeout: 60_000,
};

// All connections share PGlite's one session, so more of them are not faster.
const EMBEDDED_POOL: pg.PoolConfig = { user: 'postgres', database: 'postgres', max: 5 };

/**
 * @throws if the embedded database cannot be opened. With a server that is down, the first query
 * fails.
 */
export async function openDatabase({
  databaseUrl,
  databaseSessionUrl,
  dataDir,
}: DatabaseOptions): Promise<OpenDatabase> {
  if (databaseUrl !== undefined) return openServer(databaseUrl, databaseSessionUrl);
  const embedded = await openEmbeddedDatabase(dataDir);
  const connection = { ...EMBEDDED_POOL, host: embedded.socketFolder };
  const db = connect(withClearError(newPool(connection), embedded, dataDir));
  const close = async () => {
    await db.destroy();
    await embedded.close();
  };
  return { db, sessionDb: db, connection, embedded: true, ownsFolder: embedded.ownsFolder, close };
}

function openServer(databaseUrl: string, sessionUrl: string | undefined): OpenDatabase {
  const connection = { ...OWN_SERVER_POOL, connectionString: sessionUrl ?? databaseUrl };
  const sessionDb = connect(
    withoutSilentConnections(
      newPool({ ...connection, ...OWN_SERVER_TIMEOUTS }),
      sessionUrl === undefined ? NEEDS_SESSION_URL : SESSION_URL_IS_POOLER,
    ),
  );
  const shared = { sessionDb, connection, embedded: false, ownsFolder: false };
  if (sessionUrl === undefined) return { ...shared, db: sessionDb, close: () => sessionDb.destroy() };
  // PgBouncer refuses the server's time limits at the start of a connection; its `connect_query` sets them.
  const { query_timeout } = OWN_SERVER_TIMEOUTS;
  const db = connect(
    withoutSilentConnections(newPool({ ...OWN_SERVER_POOL, connectionString: databaseUrl, query_timeout })),
  );
  const close = async () => {
    await db.destroy();
    await sessionDb.destroy();
  };
  return { ...shared, db, close };
}

function newPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...config, types: TYPES });
  // A broken idle connection is replaced at the next query. Without a listener, it would end the
  // process.
  pool.on('error', () => undefined);
  // A connection in use that breaks between two queries: its next query fails.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

function connect(pool: pg.Pool | PostgresPool): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema(SCHEMA);
}

// Counts and identities stay far below 2^53. Only for these pools; the queue has its own parsers.
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format),
};

/** Explains a refused connection to the embedded database; pg's own error names only a socket. */
function withClearError(pool: pg.Pool, { ownsFolder }: EmbeddedDatabase, dataDir: string): PostgresPool {
  const message = ownsFolder
    ? `The embedded database in ${dataDir} has stopped. Start leadgrade again.`
    : `The process that served the data folder ${dataDir} has ended. Start leadgrade again to serve the folder itself.`;
  const connectClearly = () =>
    pool.connect().catch((cause: unknown) => {
      throw new Error(message, { cause });
    });
  return { options: pool.options, connect: connectClearly, end: () => pool.end() };
}

const NEEDS_SESSION_URL =
  'DATABASE_URL is a PgBouncer. Set DATABASE_SESSION_URL to the Postgres behind it, for the queue and migrations; see docs/scale.md.';

const SESSION_URL_IS_POOLER =
  'DATABASE_SESSION_URL is a PgBouncer. Set it to the Postgres behind it; see docs/scale.md.';

function isRefusedByPooler(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('unsupported startup parameter');
}

/** pg's error for a query that got no response within `query_timeout`. */
const NO_RESPONSE = 'Query read timeout';

/**
 * Does not return a connection to the pool after a query without a response: it may be half-open,
 * and would let each of its next queries wait for as long.
 */
function withoutSilentConnections(pool: pg.Pool, ifPooler = NEEDS_SESSION_URL): PostgresPool {
  const connectOnce = async () => {
    const client = await pool.connect().catch((error: unknown) => {
      throw isRefusedByPooler(error) ? new Error(ifPooler, { cause: error }) : error;
    });
    let isSilent = false;
    const checkResponse = (error: unknown) => {
      isSilent ||= error instanceof Error && error.message === NO_RESPONSE;
    };
    const query = client.query.bind(client);
    return new Proxy(client, {
      get: (target, key) => {
        if (key === 'release') return () => target.release(isSilent);
        if (key !== 'query') return Reflect.get(target, key);
        return (...args: Parameters<typeof query>) => {
          const result: unknown = query(...args);
          if (result instanceof Promise) result.catch(checkResponse);
          return result;
        };
      },
    });
  };
  return { options: pool.options, connect: connectOnce, end: () => pool.end() };
}
