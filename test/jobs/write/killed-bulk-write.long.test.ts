// kill -9 during a bulk write, on every backend: a second start ends with the same result as an
// undisturbed backfill, and submits no bulk job twice that was submitted completely.
import { describe, expect, test } from 'vitest';
import { seededDataset } from '../../../sandbox/dataset/seeded.ts';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../../sandbox/salesforce/start.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { BACKEND, type Backend } from '../../support/backends.ts';
import { createOurFields } from '../../support/our-fields.ts';
import { patient } from '../../support/patience.ts';
import { type Running, start } from '../../support/processes.ts';
import { orgActions, orgSettings } from '../../support/salesforce-product.ts';
import type { LoggedRequest } from '../../support/sandbox-crm.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const CLI = new URL('../../../bin/leadgrade.js', import.meta.url).pathname;
const BACKFILL = ['backfill', '--json', '--as-of', NOW.toISOString()];

interface Environment {
  readonly org: SalesforceSandbox;
  run(...args: string[]): Running;
  log(): Promise<readonly LoggedRequest[]>;
  /** Our fields of every Lead. */
  scores(): Promise<readonly unknown[]>;
}

async function openEnvironment(setup: Backend): Promise<Environment> {
  const begin = performance.now();
  const clock = { now: () => new Date(NOW.getTime() + performance.now() - begin) };
  const installation = await setup.create();
  const dataset = seededDataset({ contacts: 150, seed: 4, now: NOW });
  const org = await startSalesforceSandbox({ port: 0, dataset, clock });
  endWithTest(org.close);
  const { control, log, record } = orgActions(org);
  const env = { ...installation.env, ...orgSettings(org), SALESFORCE_BULK_WRITE_FROM: '50' };
  const run = (...args: string[]): Running => {
    const child = start(process.execPath, [CLI, ...args], { env });
    endWithTest(child.kill);
    return child;
  };
  await createOurFields(env);
  await control('PUT', 'bulk', { unfinishedPolls: 1 });
  await control('POST', 'reset-log');
  const scores = () =>
    Promise.all(
      [...org.leadIds.values()].map(async (id) => {
        return Object.entries(await record('Lead', id)).filter(([name]) => name.startsWith('Leadgrade_'));
      }),
    );
  return { org, run, log, scores };
}

const isUpload = ({ method }: LoggedRequest) => method === 'PUT';
const isCheck = ({ method, path }: LoggedRequest) => method === 'GET' && /\/jobs\/ingest\/\w+$/.test(path);

/** When to kill, by the org's log. */
const MOMENTS: Readonly<Record<string, (log: readonly LoggedRequest[]) => boolean>> = {
  submitting: (log) => log.some(({ method, path }) => method === 'POST' && path.endsWith('/jobs/ingest')),
  running: (log) => log.some(isCheck),
};

const KILLS: Readonly<Record<string, string>> = {
  embedded: 'running',
  postgres: 'submitting',
  'postgres and redis': 'running',
};

/** The result of an undisturbed backfill: the same on every backend, so it runs on the fastest. */
let undisturbedRun: ReturnType<typeof undisturbed> | undefined;

async function undisturbed() {
  const environment = await openEnvironment(BACKEND);
  const code = await environment.run(...BACKFILL).ended;
  expect((await environment.log()).filter(isUpload)).toHaveLength(1);
  const scores = await environment.scores();
  expect(scores.filter((fields) => Array.isArray(fields) && fields.length > 0).length).toBeGreaterThan(100);
  return { code, scores };
}

describe(`on ${BACKEND.name}`, () => {
  const setup = BACKEND;
  test('a backfill that was killed during a bulk write and started again ends with the same result as an undisturbed one', async () => {
    undisturbedRun ??= undisturbed();
    const { code, scores } = await undisturbedRun;
    const killed = await openEnvironment(setup);
    const moment = KILLS[setup.name] ?? 'running';
    const first = killed.run(...BACKFILL);
    const hasCome = async () => MOMENTS[moment]?.(await killed.log());
    await expect.poll(hasCome, { timeout: patient(60_000), interval: 10 }).toBe(true);
    await first.kill();
    const last = killed.run(...BACKFILL);
    expect(await last.ended).toBe(code);
    expect(last.output()).toContain('"state":"done"');
    const uploads = (await killed.log()).filter(isUpload).length;
    expect(uploads).toBeLessThanOrEqual(moment === 'running' ? 1 : 2);
    expect(await killed.scores()).toEqual(scores);
  }, 300_000);
});
