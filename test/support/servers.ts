// The Postgres and Redis servers that tests use. A Redis is always a server of the test's own where it is installed; a Postgres
// that runs on its usual port is shared (each test makes a database of its own there), else one is started.
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
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

const SHARED_POSTGRES = 'postgres://postgres@127.0.0.1:5432/postgres';

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

/** Whether `postgresServer` has anything to use or start, in words when it has not. */
export async function postgresMissing(): Promise<string | undefined> {
  if (await isReachable(SHARED_POSTGRES)) return undefined;
  if ((await postgresPrograms()) !== undefined) return undefined;
  return 'no Postgres on 127.0.0.1:5432 (user postgres) and none installed to start';
}

export async function redisMissing(): Promise<string | undefined> {
  return onPath('redis-server') === undefined ? 'redis-server is not installed' : undefined;
}

/** The shared server, or one that was started for the caller. */
export async function postgresServer(): Promise<Server> {
  if (await isReachable(SHARED_POSTGRES)) return { url: SHARED_POSTGRES, stop: async () => undefined };
  return ownPostgres();
}

/** Runs the statements one after the other, outside of a transaction. */
export async function onServer(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

async function ownPostgres(): Promise<Server> {
  const programs = await postgresPrograms();
  if (programs === undefined) throw new Error((await postgresMissing()) ?? 'Postgres is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-postgres-'));
  const user = await unprivileged(folder);
  const init = start(...user(join(programs, 'initdb'), ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust']));
  if ((await init.ended) !== 0) throw new Error(`initdb failed:\n${init.output()}`);
  const port = await freePort();
  const options = ['-D', join(folder, 'data'), '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
  const server = start(...user(join(programs, 'postgres'), [...options, '-c', 'fsync=off']));
  await server.line(/ready to accept connections/);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const stop = async () => {
    server.signal('SIGINT');
    await server.ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { url, stop };
}

/** Postgres refuses to run as root; there it runs as the user of that name, which its packages make. */
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
