// kill -9 during a backfill, on every backend: further starts end with the same state as an undisturbed
// backfill, and read almost no data twice.
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contactsInHubSpot } from '../../../cli/demo/hubspot-view.ts';
import { control, loggedCalls } from '../../../cli/demo/sandbox-log.ts';
import type { Random } from '../../../sandbox/dataset/random.ts';
import { seededDataset } from '../../../sandbox/dataset/seeded.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../../sandbox/hubspot/start.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { BACKEND, type Backend, type Installation, openDatabaseOf } from '../../support/backends.ts';
import { printedRandom, repetitions } from '../../support/fault-runs.ts';
import { createOurFields } from '../../support/our-fields.ts';
import { patient } from '../../support/patience.ts';
import { type Running, start } from '../../support/processes.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const CLI = new URL('../../../bin/leadgrade.js', import.meta.url).pathname;
const summarySchema = z.object({ state: z.string(), scored: z.number(), written: z.number(), errors: z.number() });

interface Environment {
  readonly sandbox: HubSpotSandbox;
  readonly installation: Installation;
  run(...args: string[]): Running;
}

async function openEnvironment(setup: Backend): Promise<Environment> {
  // The sandbox's clock runs in real time, for its rate limits, from another start.
  const begin = performance.now();
  const clock = { now: () => new Date(NOW.getTime() + performance.now() - begin) };
  const installation = await setup.create();
  const sandbox = await startHubSpotSandbox({
    port: 0,
    dataset: seededDataset({ contacts: 300, seed: 4, now: NOW }),
    clock,
  });
  endWithTest(sandbox.close);
  const env = { ...installation.env, HUBSPOT_API_URL: sandbox.url, HUBSPOT_ACCESS_TOKEN: sandbox.accessToken };
  const run = (...args: string[]): Running => {
    const child = start(process.execPath, [CLI, ...args], { env });
    endWithTest(child.kill);
    return child;
  };
  const environment = { sandbox, installation, run };
  await createOurFields(env);
  await control(sandbox, 'POST', 'reset-log');
  return environment;
}

const BACKFILL = ['backfill', '--json', '--as-of', NOW.toISOString()];

async function state({ sandbox }: Environment) {
  const contacts = await contactsInHubSpot(sandbox);
  return new Map(contacts.map((contact) => [contact.id, contact]));
}

/** The streams of the shipped mapping that a start probes. */
const STREAMS = 8;
/** Calls that can be in progress: concurrent batches and the calls that precede each. */
const IN_PROGRESS = 10;

const KILLS = repetitions({ usual: 3, full: 20 });

/** The result of an undisturbed backfill: the same on every backend. */
async function undisturbed() {
  const environment = await openEnvironment(BACKEND);
  expect(await environment.run(...BACKFILL).ended).toBe(1);
  const calls = (await loggedCalls(environment.sandbox)).length;
  return { calls, expected: await state(environment), results: await resultsOf(environment) };
}

/** The number of stored results of all leads. */
async function resultsOf({ installation }: Environment): Promise<number> {
  const { db } = await openDatabaseOf(installation.env);
  const row = await db
    .selectFrom('results')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirst();
  return Number(row?.count);
}

/**
 * Kills a backfill after a random number of further calls, also before its first.
 * @returns whether it was killed, and had not ended before
 */
async function killAtRandom({ sandbox, run }: Environment, maxCalls: number, random: Random): Promise<boolean> {
  const before = (await loggedCalls(sandbox)).length;
  const calls = Math.floor(random.next() * maxCalls);
  const child = run(...BACKFILL);
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  const hasCome = async () => hasEnded || (await loggedCalls(sandbox)).length >= before + calls;
  await expect.poll(hasCome, { timeout: patient(60_000), interval: 20 }).toBe(true);
  await child.kill();
  return typeof (await child.ended) === 'string';
}

describe(`on ${BACKEND.name}`, () => {
  const setup = BACKEND;
  test(
    `a backfill that is killed ${KILLS} times at random instants ends with the same state as an undisturbed one`,
    async () => {
      const { calls, expected, results } = await undisturbed();
      const random = printedRandom('killed backfill');
      const killed = await openEnvironment(setup);
      let kills = 0;
      // Each start can read what is left, so that a kill comes before the end in most cases.
      for (let times = 0; times < KILLS; times++) {
        if (await killAtRandom(killed, (1.5 * calls) / KILLS + STREAMS, random)) kills += 1;
      }
      expect(kills).toBeGreaterThan(0);
      const last = killed.run(...BACKFILL);
      expect(await last.ended).toBe(1);
      const printed = last
        .output()
        .split('\n')
        .find((line) => line.startsWith('{'));
      expect(summarySchema.parse(JSON.parse(printed ?? '')).state).toBe('done');

      // Each kill can repeat the calls in progress, and each start probes every stream.
      const allowed = calls + KILLS * (STREAMS + IN_PROGRESS);
      expect((await loggedCalls(killed.sandbox)).length).toBeLessThanOrEqual(allowed);
      expect(await state(killed)).toEqual(expected);
      expect(await resultsOf(killed)).toBe(results);
    },
    patient(600_000),
  );

  test('a backfill that is killed four times in the same job goes on at the fifth start', async () => {
    const killed = await openEnvironment(setup);
    // The first page of contacts never arrives, so each process is killed in the same job.
    const hang = { match: { path: 'objects/.*contacts' }, action: { hangAfterHeaders: true } };
    await control(killed.sandbox, 'PUT', 'faults', [hang]);
    for (let starts = 0; starts < 4; starts++) {
      const before = (await loggedCalls(killed.sandbox)).length;
      const run = killed.run(...BACKFILL);
      const isReading = async () =>
        (await loggedCalls(killed.sandbox)).slice(before).some(({ path }) => /contacts/.test(path));
      await expect.poll(isReading, { timeout: patient(90_000), interval: 100 }).toBe(true);
      await run.kill();
    }
    await control(killed.sandbox, 'PUT', 'faults', []);
    const last = killed.run(...BACKFILL);
    expect(await last.ended).toBe(1);
    expect(last.output()).toContain('"state":"done"');
  }, 600_000);
});
