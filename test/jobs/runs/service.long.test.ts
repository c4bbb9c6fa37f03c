// `leadgrade start` on every backend: the service syncs for the first time by itself, keeps the CRM
// current, runs the jobs of commands, reports its health, and stops on SIGTERM.
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { control } from '../../../cli/demo/sandbox-log.ts';
import type { Dataset } from '../../../sandbox/dataset/dataset.ts';
import { seededDataset } from '../../../sandbox/dataset/seeded.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../../sandbox/hubspot/start.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { BACKEND, type Backend, createDataDir } from '../../support/backends.ts';
import { createOurFields } from '../../support/our-fields.ts';
import { patient } from '../../support/patience.ts';
import { freePort, type Running, startNode } from '../../support/processes.ts';

const CLI = new URL('../../../bin/leadgrade.js', import.meta.url).pathname;
const CLOCK = { now: () => new Date() };
const contactSchema = z.object({ properties: z.record(z.string(), z.string()) });
const readySchema = z.object({ status: z.string(), checks: z.array(z.object({ name: z.string(), ok: z.boolean() })) });

interface Environment {
  readonly sandbox: HubSpotSandbox;
  readonly dataset: Dataset;
  readonly port: number;
  run(...args: string[]): Running;
}

async function openEnvironment(setup: Pick<Backend, 'create'>): Promise<Environment> {
  const installation = await setup.create();
  const dataset = seededDataset({ contacts: 40, seed: 8, now: CLOCK.now() });
  const sandbox = await startHubSpotSandbox({ port: 0, dataset, clock: CLOCK, searchLagMs: 500 });
  endWithTest(sandbox.close);
  const port = await freePort();
  const env = {
    ...installation.env,
    HUBSPOT_API_URL: sandbox.url,
    HUBSPOT_ACCESS_TOKEN: sandbox.accessToken,
    PORT: String(port),
    POLL_SECONDS: '5',
  };
  const run = (...args: string[]): Running => {
    const child = startNode(CLI, args, env);
    endWithTest(child.kill);
    return child;
  };
  await createOurFields(env);
  return { sandbox, dataset, port, run };
}

async function propertiesOf({ sandbox }: Environment, id: string) {
  return contactSchema.parse(await control(sandbox, 'GET', `contacts/${id}`)).properties;
}

const soon = { timeout: patient(90_000), interval: 200 };

describe(`on ${BACKEND.name}`, () => {
  const setup = BACKEND;
  test('the service scores all contacts, follows changes, restores a cleared field, runs a backfill command, and stops on SIGTERM', async () => {
    const environment = await openEnvironment(setup);
    const service = environment.run('start');
    await service.line(/leadgrade is running/);
    const { people } = environment.dataset;
    const person = people.find(({ lifecycle, email }) => lifecycle === 'lead' && email !== null);
    const lead = environment.sandbox.contactIds.get(person?.key ?? '') ?? '';
    const properties = () => propertiesOf(environment, lead);
    await expect.poll(async () => (await properties()).leadgrade_status, soon).toBeTruthy();

    await control(environment.sandbox, 'POST', 'activities', { contactId: lead, type: 'trial_started' });
    await expect.poll(async () => (await properties()).leadgrade_explanation, soon).toContain('+35 Started a trial');

    const total = (await properties()).leadgrade_total_score;
    await control(environment.sandbox, 'PATCH', `contacts/${lead}`, { properties: { leadgrade_total_score: '' } });
    await expect.poll(async () => (await properties()).leadgrade_total_score, soon).toBe(total);

    const backfill = environment.run('backfill', '--json');
    expect([0, 1]).toContain(await backfill.ended);
    expect(backfill.output()).toContain('submitted to the running service');
    expect(backfill.output()).toContain('"state":"done"');

    expect((await fetch(`http://127.0.0.1:${environment.port}/healthz`)).status).toBe(200);
    const ready = await fetch(`http://127.0.0.1:${environment.port}/readyz`);
    expect(readySchema.parse(await ready.json()).checks.every(({ ok }) => ok)).toBe(true);
    expect(ready.status).toBe(200);

    service.signal('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(service.output()).not.toContain(environment.sandbox.accessToken);
  }, 300_000);
});

test('a second service on one data folder says that it depends on the first one', async () => {
  const environment = await openEnvironment({ create: createDataDir });
  const [first, second] = ['leadgrade is running', 'another process owns the data folder'];
  const service = environment.run('start', '--roles', 'worker');
  await service.line(new RegExp(first));
  expect(service.output()).not.toContain(second);
  const other = environment.run('start', '--roles', 'worker');
  await other.line(new RegExp(first));
  expect(other.output()).toContain(second);
}, 300_000);
