// The three ways in which Leadgrade is installed, for tests that must hold in all of them: `describe.each(SETUPS)`.
// A set-up whose servers cannot be had is left out aloud; with CI=true it fails instead.
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { ownRedis, postgresMissing, postgresServer, redisMissing } from './servers.ts';

export interface SetupEnv {
  readonly DATA_DIR: string;
  readonly DATABASE_URL?: string;
  readonly REDIS_URL?: string;
}

export interface Installation {
  readonly env: SetupEnv;
  destroy(): Promise<void>;
}

export interface Setup {
  readonly name: string;
  /** A fresh, empty installation that shares nothing with another test. */
  create(): Promise<Installation>;
}

export async function freshDataDir(): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-test-'));
  await cp(join(inject('embeddedTemplate'), 'postgres'), join(folder, 'postgres'), { recursive: true });
  return { env: { DATA_DIR: folder }, destroy: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

/** A database of its own on a server that may be shared. */
async function freshDatabase(): Promise<{ url: string; destroy(): Promise<void> }> {
  const server = await postgresServer();
  const name = `leadgrade_test_${randomUUID().replaceAll('-', '')}`;
  await execute(server.url, `create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const destroy = async () => {
    await execute(server.url, `drop database if exists ${name} with (force)`);
    await server.stop();
  };
  return { url: url.href, destroy };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

async function onPostgres(): Promise<Installation> {
  const [folder, database] = await Promise.all([freshDataDir(), freshDatabase()]);
  const destroy = async () => {
    await database.destroy();
    await folder.destroy();
  };
  return { env: { ...folder.env, DATABASE_URL: database.url }, destroy };
}

async function onPostgresAndRedis(): Promise<Installation> {
  const [postgres, redis] = await Promise.all([onPostgres(), ownRedis()]);
  const destroy = async () => {
    await redis.stop();
    await postgres.destroy();
  };
  return { env: { ...postgres.env, REDIS_URL: redis.url }, destroy };
}

const EVERY: readonly (Setup & { missing(): Promise<string | undefined> })[] = [
  { name: 'embedded', create: freshDataDir, missing: async () => undefined },
  { name: 'postgres', create: onPostgres, missing: postgresMissing },
  {
    name: 'postgres and redis',
    create: onPostgresAndRedis,
    missing: async () => (await postgresMissing()) ?? (await redisMissing()),
  },
];

async function available(): Promise<readonly Setup[]> {
  const found = await Promise.all(EVERY.map(async (setup) => ({ setup, missing: await setup.missing() })));
  return found.flatMap(({ setup, missing }) => {
    if (missing === undefined) return [setup];
    if (process.env.CI === 'true') throw new Error(`The set-up "${setup.name}" cannot be tested: ${missing}.`);
    console.warn(`NOT TESTED on the set-up "${setup.name}": ${missing}.`);
    return [];
  });
}

/** Those of the three set-ups that this machine can have. */
export const SETUPS: readonly Setup[] = await available();
