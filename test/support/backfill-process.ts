// `leadgrade backfill` as a process that is killed, over a sandbox HubSpot; and what a backfill without faults ends with.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { z } from 'zod';
import type { DisplayRecord } from '../../cli/demo/display-record.ts';
import { contactsInHubSpot } from '../../cli/demo/hubspot-view.ts';
import { control, type LoggedCall, loggedCalls } from '../../cli/demo/sandbox-log.ts';
import type { Random } from '../../sandbox/dataset/random.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';
import { type Backend, openDatabaseOf } from './backends.ts';
import { createOurFields } from './our-fields.ts';
import { patient } from './patience.ts';
import { type Running, start } from './processes.ts';
import { testFolder } from './test-folder.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const CLI = new URL('../../bin/leadgrade.js', import.meta.url).pathname;
const BACKFILL = ['backfill', '--json', '--as-of', NOW.toISOString()];
const summarySchema = z.object({ state: z.string(), scored: z.number(), written: z.number(), errors: z.number() });

/** The streams of the shipped mapping that a start probes. */
export const STREAMS = 8;
/** The properties of counters that a start asks for. */
export const COUNTERS = 5;
/** Calls that can be in progress: concurrent batches and the calls that precede each. */
export const IN_PROGRESS = 10;

/** What a backfill ends with. */
export interface EndState {
  readonly contacts: ReadonlyMap<string, DisplayRecord>;
  /** The number of stored results of all leads. */
  readonly results: number;
}

export interface BackfillEnvironment {
  /** @param env settings of this process alone */
  begin(env?: NodeJS.ProcessEnv): Running;
  /** Runs a backfill to its end, and expects that it says so. */
  finish(): Promise<void>;
  /** The calls of all processes. */
  calls(): Promise<readonly LoggedCall[]>;
  callCount(): Promise<number>;
  endState(): Promise<EndState>;
  /** Faults of the sandbox. */
  setFaults(faults: readonly object[]): Promise<void>;
}

export async function openBackfillEnvironment(
  backend: Backend,
  { contacts }: { readonly contacts: number },
): Promise<BackfillEnvironment> {
  // The sandbox's clock runs in real time, for its rate limits, from another start.
  const begun = performance.now();
  const clock = { now: () => new Date(NOW.getTime() + performance.now() - begun) };
  const installation = await backend.create();
  const dataset = seededDataset({ contacts, seed: 4, now: NOW });
  const logFile = join(await testFolder(), 'calls.log');
  const sandbox = await startHubSpotSandbox({ port: 0, dataset, clock, logFile });
  endWithTest(sandbox.close);
  const env = { ...installation.env, HUBSPOT_API_URL: sandbox.url, HUBSPOT_ACCESS_TOKEN: sandbox.accessToken };
  await createOurFields(env);
  await control(sandbox, 'POST', 'reset-log');
  const countLines = lineCounter(logFile);
  const setUpCalls = await countLines();
  const begin = (own: NodeJS.ProcessEnv = {}): Running => {
    const child = start(process.execPath, [CLI, ...BACKFILL], { env: { ...env, ...own } });
    endWithTest(child.kill);
    return child;
  };
  return {
    begin,
    finish: async () => {
      const last = begin();
      // The data set has records with errors.
      expect(await last.ended, last.output()).toBe(1);
      const lines = last.output().split('\n');
      // Warnings are lines of JSON, too.
      const printed = lines.find((line) => line.startsWith('{"job"'));
      expect(summarySchema.parse(JSON.parse(printed ?? '')).state).toBe('done');
    },
    calls: () => loggedCalls(sandbox),
    callCount: async () => (await countLines()) - setUpCalls,
    endState: async () => {
      const { db } = await openDatabaseOf(installation.env);
      const row = await db
        .selectFrom('results')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirst();
      const shown = await contactsInHubSpot(sandbox);
      return { contacts: new Map(shown.map((contact) => [contact.id, contact])), results: Number(row?.count) };
    },
    setFaults: async (faults) => {
      await control(sandbox, 'PUT', 'faults', [...faults]);
    },
  };
}

/** Counts the lines of a file that grows. It is asked often, and reads only what is new. */
function lineCounter(path: string): () => Promise<number> {
  const buffer = Buffer.alloc(1 << 20);
  let position = 0;
  let lines = 0;
  return async () => {
    const file = await open(path);
    try {
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
        if (bytesRead === 0) return lines;
        position += bytesRead;
        for (let at = buffer.indexOf(10); at !== -1 && at < bytesRead; at = buffer.indexOf(10, at + 1)) lines++;
      }
    } finally {
      await file.close();
    }
  };
}

/**
 * Kills a backfill after a random number of further calls, also before its first.
 * @returns whether it was killed, and had not ended before
 */
async function killAtRandom(killed: BackfillEnvironment, maxCalls: number, random: Random): Promise<boolean> {
  const before = await killed.callCount();
  const calls = Math.floor(random.next() * maxCalls);
  const child = killed.begin();
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  const hasCome = async () => hasEnded || (await killed.callCount()) >= before + calls;
  await expect.poll(hasCome, { timeout: patient(300_000), interval: 20 }).toBe(true);
  await child.kill();
  return typeof (await child.ended) === 'string';
}

/** @returns how often it was killed before it had ended */
export async function killOften(
  killed: BackfillEnvironment,
  { times, maxCalls, random }: { readonly times: number; readonly maxCalls: number; readonly random: Random },
): Promise<number> {
  let kills = 0;
  for (let nth = 0; nth < times; nth++) if (await killAtRandom(killed, maxCalls, random)) kills += 1;
  return kills;
}

export interface Undisturbed extends EndState {
  readonly calls: number;
}

export async function undisturbedBackfill(backend: Backend, contacts: number): Promise<Undisturbed> {
  const environment = await openBackfillEnvironment(backend, { contacts });
  await environment.finish();
  const calls = await environment.callCount();
  return { calls, ...(await environment.endState()) };
}
