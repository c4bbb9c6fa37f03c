// What the bench of webhooks runs on: a sandbox HubSpot and the service, each a process of its own, and a fresh installation.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { z } from 'zod';

const CLI = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const MODEL = new URL('../../mappings/model.yaml', import.meta.url);
export const WRITE_KEY = 'bench-write-key-0123456789';

export const SETUPS = ['embedded', 'postgres', 'redis'] as const;
export type SetupName = (typeof SETUPS)[number];

export interface Servers {
  readonly postgres: string;
  readonly redis: string;
}

const credentialsSchema = z.object({
  hubspot: z.object({
    url: z.string(),
    accessToken: z.string(),
    clientSecret: z.string(),
    appId: z.string(),
    portalId: z.unknown(),
  }),
});

export interface Stage {
  readonly sandbox: z.infer<typeof credentialsSchema>['hubspot'];
  /** Where the service listens. */
  readonly url: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs a command to its end. */
  command(...args: string[]): Promise<string>;
  /** Starts the service, and waits until everybody is scored and written. */
  serve(): Promise<void>;
  /** Peak resident memory of the service so far, in MB. */
  peakMemory(): Promise<number>;
  /** Asks the service's database. */
  query<T extends object>(text: string): Promise<readonly T[]>;
  close(): Promise<void>;
}

export async function openStage(setup: SetupName, servers: Servers, contacts: number): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-bench-'));
  const port = await freePort();
  const database = setup === 'embedded' ? null : await createDatabase(servers.postgres);
  const sandbox = spawnNode(['sandbox', '--json', '--contacts', String(contacts)], process.env);
  const [line] = await once(createInterface({ input: sandbox.stdout ?? process.stdin }), 'line');
  const { hubspot } = credentialsSchema.parse(JSON.parse(String(line)));
  const model = join(folder, 'model.yaml');
  await writeFile(model, await modelWithMeetings());
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    DATA_DIR: join(folder, 'data'),
    ...(database === null ? {} : { DATABASE_URL: database.url }),
    ...(setup === 'redis' ? { REDIS_URL: servers.redis } : {}),
    MODEL_FILE: model,
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    EVENTS_WRITE_KEYS: `bench:${WRITE_KEY}`,
    LOG_LEVEL: 'warn',
    HUBSPOT_API_URL: hubspot.url,
    HUBSPOT_ACCESS_TOKEN: hubspot.accessToken,
    HUBSPOT_CLIENT_SECRET: hubspot.clientSecret,
    HUBSPOT_APP_ID: hubspot.appId,
  };
  let service: ChildProcess | null = null;
  const command = (...args: string[]) => runToEnd(args, env);
  return {
    sandbox: hubspot,
    url: `http://127.0.0.1:${port}`,
    env,
    command,
    async serve() {
      await command('setup');
      service = spawnNode(['start'], env);
      service.stderr?.on('data', (text) => process.stderr.write(text));
      await allWritten(`http://127.0.0.1:${port}`);
    },
    async peakMemory() {
      const status = await readFile(`/proc/${service?.pid}/status`, 'utf8').catch(() => '');
      return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    },
    async query<T extends object>(text: string) {
      if (database === null) return [];
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      const { rows } = await client.query<T>(text);
      await client.end();
      return rows;
    },
    async close() {
      for (const child of [service, sandbox]) await stop(child);
      await database?.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The shipped model scores no meetings. */
async function modelWithMeetings(): Promise<string> {
  const text = await readFile(MODEL, 'utf8');
  return text.replace(
    '  signals:\n',
    '  signals:\n    - { id: bench_meeting, label: Met us, activity: meeting, points: 9, max_count: 5 }\n',
  );
}

function spawnNode(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function runToEnd(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawnNode(args, env);
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += String(chunk);
  });
  await once(child, 'close');
  return text;
}

async function stop(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'close');
}

const readySchema = z.object({ checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })) });

/** Until the service says that nothing waits, three times in a row. */
export async function allWritten(url: string): Promise<void> {
  for (let calm = 0; calm < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const checks = await fetch(`${url}/readyz`)
      .then(async (answer) => readySchema.parse(await answer.json()).checks)
      .catch(() => []);
    const pending = checks.find(({ name }) => name === 'pending')?.detail;
    const jobs = checks.find(({ name }) => name === 'jobs')?.ok === true;
    calm = jobs && pending === '0 to read, 0 to score, 0 to write' ? calm + 1 : 0;
  }
}

async function createDatabase(server: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `leadgrade_bench_${randomUUID().replaceAll('-', '')}`;
  const execute = async (statement: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await execute(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(`drop database if exists ${name} with (force)`) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
