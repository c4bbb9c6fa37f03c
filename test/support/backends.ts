// The three ways in which Leadgrade is installed, for tests that must hold in all of them: `describe.each(SETUPS)`.
// A set-up whose servers cannot be had is left out aloud; with CI=true it fails instead.
import { randomUUID } from 'node:crypto';
import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { onServer, ownRedis, POSTGRES_MISSING, redisMissing } from './servers.ts';

export interface BackendEnv {
  readonly DATA_DIR: string;
  readonly DATABASE_URL?: string;
  readonly REDIS_URL?: string;
}

export interface Installation {
  readonly env: BackendEnv;
  destroy(): Promise<void>;
}

export interface Backend {
  readonly name: string;
  /** A fresh installation that shares nothing with another test, with the tables and the queue as a start leaves them. */
  create(): Promise<Installation>;
  /** One where nothing was ever started. */
  createEmpty(): Promise<Installation>;
}

/** @param template a DATA_DIR; null = an empty folder */
async function freshFolder(template: string | null): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-test-'));
  // A thousand files: at once they cost a tenth of what `cp` takes for them.
  if (template !== null) cpSync(join(template, 'postgres'), join(folder, 'postgres'), { recursive: true });
  return { env: { DATA_DIR: folder }, destroy: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

/** An embedded database with the tables. */
export const freshDataDir = () => freshFolder(inject('templates').embedded);
const emptyDataDir = () => freshFolder(inject('templates').emptyEmbedded);

/** A database of its own on a server that may be shared. */
async function onPostgres(template: string | null): Promise<Installation> {
  const { postgres } = inject('templates');
  if (postgres === null) throw new Error(POSTGRES_MISSING);
  const name = `leadgrade_test_${randomUUID().replaceAll('-', '')}`;
  const like = template === null ? '' : ` template ${template}`;
  await onServer(postgres.serverUrl, `create database ${name}${like}`);
  const url = new URL(postgres.serverUrl);
  url.pathname = `/${name}`;
  const { env, destroy } = await freshFolder(null);
  const drop = async () => {
    await onServer(postgres.serverUrl, `drop database if exists ${name} with (force)`);
    await destroy();
  };
  return { env: { ...env, DATABASE_URL: url.href }, destroy: drop };
}

async function withRedis(createPostgres: () => Promise<Installation>): Promise<Installation> {
  const [postgres, redis] = await Promise.all([createPostgres(), ownRedis()]);
  const destroy = async () => {
    await redis.stop();
    await postgres.destroy();
  };
  return { env: { ...postgres.env, REDIS_URL: redis.url }, destroy };
}

const postgresReady = () => onPostgres(inject('templates').postgres?.database ?? null);
const postgresEmpty = () => onPostgres(null);

const noPostgres = async () => (inject('templates').postgres === null ? POSTGRES_MISSING : undefined);

const EMBEDDED: Backend = { name: 'embedded', create: freshDataDir, createEmpty: emptyDataDir };

const EVERY: readonly (Backend & { missing(): Promise<string | undefined> })[] = [
  { ...EMBEDDED, missing: async () => undefined },
  { name: 'postgres', create: postgresReady, createEmpty: postgresEmpty, missing: noPostgres },
  {
    name: 'postgres and redis',
    create: () => withRedis(postgresReady),
    createEmpty: () => withRedis(postgresEmpty),
    missing: async () => (await noPostgres()) ?? (await redisMissing()),
  },
];

async function available(): Promise<readonly Backend[]> {
  const found = await Promise.all(EVERY.map(async (setup) => ({ setup, missing: await setup.missing() })));
  return found.flatMap(({ setup, missing }) => {
    if (missing === undefined) return [setup];
    if (process.env.CI === 'true') throw new Error(`The set-up "${setup.name}" cannot be tested: ${missing}.`);
    console.warn(`NOT TESTED on the set-up "${setup.name}": ${missing}.`);
    return [];
  });
}

/** Those of the three set-ups that this machine can have. */
export const BACKENDS: readonly Backend[] = await available();

/** For tests that hold on one of them: a database of a server is there sooner than an embedded one. */
export const DEFAULT_BACKEND: Backend = BACKENDS.find(({ name }) => name === 'postgres') ?? EMBEDDED;
