// The Postgres and Redis servers that tests use: a Postgres of the run's own, where each test has a database, and a Redis of the
// test's own. Where Postgres is not installed, one that runs on its usual port is shared.
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { freePort, type Running, start } from './processes.ts';

export interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

export interface RedisServer extends Server {
  readonly port: number;
  /** Kills it and starts it again on the same port, empty. */
  restart(): Promise<void>;
  kill(): Promise<void>;
}

/** One on its usual port, which the benchmarks use by default. */
export const SHARED_POSTGRES = 'postgres://postgres@127.0.0.1:5432/postgres';

function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

async function postgresPrograms(): Promise<string | undefined> {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? await readdir(root) : [];
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  if (newest !== undefined) return join(root, newest, 'bin');
  return onPath('initdb')?.replace(/\/initdb$/, '');
}

async function isReachable(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

/** Why `postgresServer` gives none. */
export const POSTGRES_MISSING = 'Postgres is not installed, and none runs on 127.0.0.1:5432 (user postgres)';

export async function redisMissing(): Promise<string | undefined> {
  return onPath('redis-server') === undefined ? 'redis-server is not installed' : undefined;
}

/** A server that was started for the caller, else the shared one, else null. */
export async function postgresServer(): Promise<Server | null> {
  const programs = await postgresPrograms();
  if (programs !== undefined) return startPostgres(programs);
  if (await isReachable(SHARED_POSTGRES)) return { url: SHARED_POSTGRES, stop: async () => undefined };
  return null;
}

/** Runs the statements one after the other, outside of a transaction. */
export async function onServer(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

// What a commit promises is for machines that lose their power; tests end processes and connections. A test makes and drops a
// database, each of which would wait for the disk.
const NO_PROMISES = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_wal_size=4GB',
  'max_connections=300',
];

async function startPostgres(programs: string): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-postgres-'));
  const { url, launch } = await initPostgres(programs, folder, NO_PROMISES);
  const server = await launch();
  const stop = async () => {
    server.signal('SIGINT');
    await server.ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { url, stop };
}

async function initPostgres(programs: string, folder: string, settings: readonly string[]) {
  const user = await unprivileged(folder);
  const init = start(...user(join(programs, 'initdb'), ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust']));
  if ((await init.ended) !== 0) throw new Error(`initdb failed:\n${init.output()}`);
  const port = await freePort();
  const options = ['listen_addresses=127.0.0.1', ...settings].flatMap((setting) => ['-c', setting]);
  const place = ['-D', join(folder, 'data'), '-p', String(port), '-k', folder];
  const launch = async (): Promise<Running> => {
    const server = start(...user(join(programs, 'postgres'), [...place, ...options]));
    await server.line(/ready to accept connections/);
    return server;
  };
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, launch };
}

export interface PostgresServer extends Server {
  /** Ends it as a crash does: no checkpoint, and the next start recovers. Harmless when it has ended already. */
  crash(): Promise<void>;
  /** Starts it again after a crash. */
  start(): Promise<void>;
}

// A commit survives a crash of the server, not one of the machine.
const SMALL_SERVER = ['fsync=off', 'max_connections=60', 'shared_buffers=16MB', 'wal_recycle=off', 'max_wal_size=64MB'];

/** A Postgres of the caller's own, which it may crash. Null where Postgres is not installed. @param folder where its files lie */
export async function ownPostgres(folder: string): Promise<PostgresServer | null> {
  const programs = await postgresPrograms();
  if (programs === undefined) return null;
  const { url, launch } = await initPostgres(programs, folder, SMALL_SERVER);
  let server = await launch();
  const crash = async () => {
    server.signal('SIGQUIT');
    await server.ended;
  };
  const startAgain = async () => {
    await crash();
    server = await launch();
  };
  return { url, crash, start: startAgain, stop: crash };
}

/** Debian installs it where only root looks for programs. */
const PGBOUNCER = ['/usr/sbin/pgbouncer', onPath('pgbouncer')].find((path) => path !== undefined && existsSync(path));

export const PGBOUNCER_MISSING = PGBOUNCER === undefined ? 'pgbouncer is not installed' : undefined;

const TIME_LIMITS =
  'set statement_timeout=45000; set lock_timeout=15000; set idle_in_transaction_session_timeout=60000';

/** A PgBouncer of the caller's own in transaction mode, with fewer connections to the server of `url` than a product opens. */
export async function ownPgBouncer(url: string): Promise<Server> {
  if (PGBOUNCER === undefined) throw new Error(PGBOUNCER_MISSING);
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-pgbouncer-'));
  const address = new URL(url);
  const server = `host=${address.hostname} port=${address.port} user=postgres connect_query='${TIME_LIMITS}'`;
  address.port = String(await freePort());
  const settings = [
    ...['[databases]', `${address.pathname.slice(1)} = ${server}`, '[pgbouncer]', 'pool_mode = transaction'],
    ...['listen_addr = 127.0.0.1', `listen_port = ${address.port}`, 'unix_socket_dir =', 'auth_type = any'],
    'default_pool_size = 3',
  ];
  const file = join(folder, 'pgbouncer.ini');
  await writeFile(file, `${settings.join('\n')}\n`);
  const user = await unprivileged(folder);
  const bouncer = start(...user(PGBOUNCER, [file]));
  await bouncer.line(/process up/);
  const stop = async () => {
    await bouncer.kill();
    await rm(folder, { recursive: true, force: true });
  };
  return { url: address.href, stop };
}

/** Postgres and PgBouncer refuse to run as root; there they run as the user `postgres`, which Debian's packages make. */
async function unprivileged(folder: string) {
  const asItIs = (program: string, args: readonly string[]): [string, readonly string[]] => [program, args];
  if (process.getuid?.() !== 0) return asItIs;
  const id = start('id', ['-u', 'postgres']);
  if ((await id.ended) !== 0) throw new Error('Postgres does not run as root and there is no user "postgres".');
  await chown(folder, Number(id.output()), -1);
  return (program: string, args: readonly string[]): [string, readonly string[]] => [
    'setpriv',
    ['--reuid=postgres', '--regid=postgres', '--init-groups', program, ...args],
  ];
}

/** A Redis of the caller's own, in memory only. `policy` is its `maxmemory-policy`. */
export async function ownRedis(policy = 'noeviction'): Promise<RedisServer> {
  const missing = await redisMissing();
  if (missing !== undefined) throw new Error(missing);
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-redis-'));
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  const launch = async (): Promise<Running> => {
    const server = start('redis-server', [...args, '--maxmemory-policy', policy]);
    await server.line(/Ready to accept connections/);
    return server;
  };
  let server = await launch();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill: () => server.kill(),
    restart: async () => {
      await server.kill();
      server = await launch();
    },
    stop: async () => {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
