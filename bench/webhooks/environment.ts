// What the bench of webhooks runs on: a sandbox HubSpot and the service, each a process of its own, and a fresh installation.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { writeMeetingModel } from '../../test/support/meeting-model.ts';
import { freePort, type Running, startNode } from '../../test/support/processes.ts';
import { onServer } from '../../test/support/servers.ts';

const CLI = new URL('../../cli/main.ts', import.meta.url).pathname;
export const WRITE_KEY = 'bench-write-key-0123456789';
// Far longer than anything takes: whoever waits so long waits for ever.
const WRITTEN_WITHIN_MS = 30 * 60_000;

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
  /** Runs a command to its end. @throws with what it said when it fails */
  command(...args: string[]): Promise<void>;
  /** Starts the service, and waits until everybody is scored and written. */
  serve(): Promise<void>;
  /** Until the service says that nothing waits, three times in a row. @throws when it ends, or does not come to that */
  allWritten(): Promise<void>;
  /** Peak resident memory of the service so far, in MB. */
  peakMemory(): Promise<number>;
  close(): Promise<void>;
}

/** Whatever fails leaves nothing behind. */
export async function openStage(setup: SetupName, servers: Servers, contacts: number): Promise<Stage> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await assemble(setup, servers, { contacts, opened })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  setup: SetupName,
  servers: Servers,
  { contacts, opened }: { readonly contacts: number; readonly opened: (() => Promise<unknown>)[] },
): Promise<Omit<Stage, 'close'>> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-bench-'));
  opened.push(() => rm(folder, { recursive: true, force: true }));
  const database = setup === 'embedded' ? {} : { DATABASE_URL: await createDatabase(servers.postgres, opened) };
  const sandbox = startNode(CLI, ['sandbox', '--json', '--contacts', String(contacts)]);
  opened.push(() => stop(sandbox));
  const { hubspot } = credentialsSchema.parse(JSON.parse(await sandbox.line(/^\{/)));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...{ DATA_DIR: join(folder, 'data'), ...database },
    ...(setup === 'redis' ? { REDIS_URL: servers.redis } : {}),
    MODEL_FILE: await writeMeetingModel(folder),
    PORT: String(port),
    PUBLIC_URL: url,
    EVENTS_WRITE_KEYS: `bench:${WRITE_KEY}`,
    LOG_LEVEL: 'warn',
    HUBSPOT_API_URL: hubspot.url,
    HUBSPOT_ACCESS_TOKEN: hubspot.accessToken,
    HUBSPOT_CLIENT_SECRET: hubspot.clientSecret,
    HUBSPOT_APP_ID: hubspot.appId,
  };
  let service: Running | null = null;
  const command = async (...args: string[]) => {
    const child = startNode(CLI, args, env);
    const code = await child.ended;
    // 1: some records were not as they should be, which is told of them.
    if (code !== 0 && code !== 1) throw new Error(`leadgrade ${args.join(' ')} ended with ${code}:\n${child.output()}`);
  };
  const allWritten = async () => {
    if (service === null) throw new Error('The service was not started.');
    await untilWritten(url, service);
  };
  return {
    ...{ sandbox: hubspot, url, command, allWritten },
    serve: async () => {
      await command('setup');
      const started = startNode(CLI, ['start'], env);
      opened.push(() => stop(started));
      service = started;
      await allWritten();
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

async function untilWritten(url: string, service: Running): Promise<void> {
  const ended = service.ended.then((code) => {
    throw new Error(`The service ended with ${code}:\n${service.output()}`);
  });
  // It ends when all is over, and nobody waits any more.
  ended.catch(() => undefined);
  const deadline = performance.now() + WRITTEN_WITHIN_MS;
  for (let calm = 0; calm < 3; ) {
    await Promise.race([sleep(1_000), ended]);
    const checks = await fetch(`${url}/readyz`)
      .then(async (answer) => readySchema.parse(await answer.json()).checks)
      .catch(() => []);
    const pending = checks.find(({ name }) => name === 'pending')?.detail;
    const jobs = checks.find(({ name }) => name === 'jobs')?.ok === true;
    calm = jobs && pending === '0 to read, 0 to score, 0 to write' ? calm + 1 : 0;
    if (performance.now() > deadline) {
      throw new Error(`After ${WRITTEN_WITHIN_MS / 60_000} minutes: ${pending ?? 'no answer'}.\n${service.output()}`);
    }
  }
}

/** @returns its address */
async function createDatabase(server: string, opened: (() => Promise<unknown>)[]): Promise<string> {
  const name = `leadgrade_bench_${randomUUID().replaceAll('-', '')}`;
  await onServer(server, `create database ${name}`);
  opened.push(() => onServer(server, `drop database if exists ${name} with (force)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
