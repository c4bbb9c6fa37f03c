// The environment of the webhook benchmark: HubSpot sandbox and service as separate processes, with
// a new database.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { writeMeetingModel } from '../../test/support/meeting-model.ts';
import { freePort, type Running, startNode } from '../../test/support/processes.ts';
import { onServer } from '../../test/support/servers.ts';

const METRICS_TOKEN = 'a-token-for-metrics';
const CLI = new URL('../../bin/leadgrade.js', import.meta.url).pathname;
export const WRITE_KEY = 'bench-write-key-0123456789';
// Far longer than any run takes, so that a hanging service ends the benchmark.
const WRITTEN_WITHIN_MS = 30 * 60_000;

export const BACKENDS = ['embedded', 'postgres', 'redis'] as const;
export type BackendName = (typeof BACKENDS)[number];

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

export interface BenchEnvironment {
  readonly sandbox: z.infer<typeof credentialsSchema>['hubspot'];
  /** The service's address. */
  readonly url: string;
  /** Runs a command to its end. @throws with its output if it fails */
  runCommand(...args: string[]): Promise<void>;
  /** Starts the service, and waits until all scores are written. */
  startService(): Promise<void>;
  /**
   * Waits until the service reports no pending work three times in a row.
   * @throws if the service ends, or after 30 minutes
   */
  untilWritten(): Promise<void>;
  /** Peak resident memory of the service so far, in MB. */
  peakMemory(): Promise<number>;
  close(): Promise<void>;
}

/** Removes all that it created if a step fails. */
export async function openEnvironment(
  backend: BackendName,
  servers: Servers,
  contacts: number,
): Promise<BenchEnvironment> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of cleanups.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await createEnvironment(backend, servers, { contacts, cleanups })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function createEnvironment(
  backend: BackendName,
  servers: Servers,
  { contacts, cleanups }: { readonly contacts: number; readonly cleanups: (() => Promise<unknown>)[] },
): Promise<Omit<BenchEnvironment, 'close'>> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-bench-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const database = backend === 'embedded' ? {} : { DATABASE_URL: await createDatabase(servers.postgres, cleanups) };
  const sandbox = startNode(CLI, ['sandbox', '--json', '--contacts', String(contacts)]);
  cleanups.push(() => stop(sandbox));
  const { hubspot } = credentialsSchema.parse(JSON.parse(await sandbox.line(/^\{/)));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...{ DATA_DIR: join(folder, 'data'), ...database },
    ...(backend === 'redis' ? { REDIS_URL: servers.redis } : {}),
    MODEL_FILE: await writeMeetingModel(folder),
    PORT: String(port),
    PUBLIC_URL: url,
    METRICS_TOKEN,
    EVENTS_WRITE_KEYS: `bench:${WRITE_KEY}`,
    LOG_LEVEL: 'warn',
    HUBSPOT_API_URL: hubspot.url,
    HUBSPOT_ACCESS_TOKEN: hubspot.accessToken,
    HUBSPOT_CLIENT_SECRET: hubspot.clientSecret,
    HUBSPOT_APP_ID: hubspot.appId,
  };
  let service: Running | null = null;
  const runCommand = async (...args: string[]) => {
    const child = startNode(CLI, args, env);
    const code = await child.ended;
    // 1 = completed, with findings about some records.
    if (code !== 0 && code !== 1) throw new Error(`leadgrade ${args.join(' ')} ended with ${code}:\n${child.output()}`);
  };
  const untilWritten = async () => {
    if (service === null) throw new Error('The service was not started.');
    await pollUntilWritten(url, service);
  };
  return {
    ...{ sandbox: hubspot, url, runCommand, untilWritten },
    startService: async () => {
      await runCommand('setup');
      const started = startNode(CLI, ['start'], env);
      cleanups.push(() => stop(started));
      service = started;
      await untilWritten();
    },
    peakMemory: async () => {
      const status = await readFile(`/proc/${service?.pid}/status`, 'utf8').catch(() => '');
      return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    },
  };
}

async function stop(child: Running): Promise<void> {
  child.signal('SIGTERM');
  await child.ended;
}

const readySchema = z.object({ checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })) });

async function pollUntilWritten(url: string, service: Running): Promise<void> {
  const ended = service.ended.then((code) => {
    throw new Error(`The service ended with ${code}:\n${service.output()}`);
  });
  // The promise also rejects when the benchmark stops the service at the end; that is not an error.
  ended.catch(() => undefined);
  const deadline = performance.now() + WRITTEN_WITHIN_MS;
  for (let idleChecks = 0; idleChecks < 3; ) {
    await Promise.race([sleep(1_000), ended]);
    const checks = await fetch(`${url}/readyz`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } })
      .then(async (response) => readySchema.parse(await response.json()).checks)
      .catch(() => []);
    const pending = checks.find(({ name }) => name === 'pending')?.detail;
    const jobs = checks.find(({ name }) => name === 'jobs')?.ok === true;
    idleChecks = jobs && pending === '0 to read, 0 to score, 0 to write' ? idleChecks + 1 : 0;
    if (performance.now() > deadline) {
      throw new Error(`After ${WRITTEN_WITHIN_MS / 60_000} minutes: ${pending ?? 'no response'}.\n${service.output()}`);
    }
  }
}

/** @returns the database's URL */
async function createDatabase(server: string, cleanups: (() => Promise<unknown>)[]): Promise<string> {
  const name = `leadgrade_bench_${randomUUID().replaceAll('-', '')}`;
  await onServer(server, `create database ${name}`);
  cleanups.push(() => onServer(server, `drop database if exists ${name} with (force)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
