// The commands in the order of a new user, with a sandbox HubSpot: their output and exit codes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { control } from '../../cli/demo/sandbox-log.ts';
import { seededDataset } from '../../sandbox/dataset/seeded.ts';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import { BACKEND, type Installation } from '../support/backends.ts';
import { type Finished, leadgrade, leadgradeHere } from './run-command.ts';

const CONTACTS = 60;

let sandbox: HubSpotSandbox;
let installation: Installation;
let run: (...args: string[]) => Promise<Finished>;

beforeAll(async () => {
  installation = await BACKEND.createEmpty();
  const clock = { now: () => new Date() };
  const dataset = seededDataset({ contacts: CONTACTS, seed: 3, now: clock.now() });
  sandbox = await startHubSpotSandbox({ port: 0, dataset, clock, searchLagMs: 0 });
  const env = { ...installation.env, HUBSPOT_API_URL: sandbox.url, HUBSPOT_ACCESS_TOKEN: sandbox.accessToken };
  run = (...args) => leadgradeHere(args, { env });
});
afterAll(async () => {
  await sandbox.close();
  await installation.destroy();
});

const json = (finished: Finished): unknown => JSON.parse(finished.stdout);

test('migrate creates the tables in an empty database, and does nothing the second time', async () => {
  const first = await leadgrade(['migrate'], { env: { ...installation.env } });
  expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Database: applied 0001-initial, .*\.$/m) });
  expect(await run('migrate')).toMatchObject({ code: 0, stdout: 'Database: up to date already.\n' });
});

test('doctor before setup reports the missing properties and the fix, with exit code 2', async () => {
  const found = await run('doctor');
  expect(found.code).toBe(2);
  expect(found.stdout).toMatch(/PROBLEM .*leadgrade_/);
  expect(found.stdout).toContain('leadgrade setup');
});

test('backfill before setup stops with one message and exit code 2', async () => {
  const stopped = await run('backfill');
  expect(stopped.code).toBe(2);
  expect(stopped.stderr).toMatch(/leadgrade setup/);
  expect(stopped.stdout).toBe('');
});

test('setup prints its plan with --dry-run, creates the properties, and does nothing the second time', async () => {
  const dry = await run('setup', '--dry-run');
  expect(dry.stdout).toContain('contact property leadgrade_total_score: would create');
  expect((await run('setup')).stdout).toContain('contact property leadgrade_total_score: created');
  const again = await run('setup', '--json');
  expect(z.object({ steps: z.array(z.object({ state: z.literal('exists') })) }).safeParse(json(again)).success).toBe(
    true,
  );
});

test('backfill after setup continues the run that had stopped', async () => {
  const done = await run('backfill', '--json');
  expect(json(done)).toMatchObject({ job: 'backfill', state: 'done' });
  expect(done.stderr).toContain('to do:');
});

test('recompute runs the nightly job now, and writes nothing without changes', async () => {
  expect(json(await run('recompute', '--json'))).toMatchObject({ job: 'recompute', state: 'done', written: 0 });
});

test('explain prints a score, its reasons and its history; an unknown lead is bad usage', async () => {
  const scored = scoredLead();
  const explained = await run('explain', `hubspot:${scored}`);
  expect(explained.code).toBe(0);
  expect(explained.stdout).toMatch(/^hubspot:\d+: \w+, grade [A-FU]/);
  expect(explained.stdout).toContain('History, newest first (UTC):');
  const { contributions, total } = z
    .object({ total: z.number(), contributions: z.array(z.object({ points: z.number() })) })
    .parse(json(await run('explain', `hubspot:${scored}`, '--json')));
  expect(contributions.reduce((sum, { points }) => sum + points, 0)).toBe(total);
  expect(await run('explain', 'hubspot:1')).toMatchObject({ code: 2, stdout: '' });
  expect(await run('explain', 'nonsense')).toMatchObject({ code: 2, stdout: '' });
});

test('errors list contains a bad value with its contact, and backfill ends with exit code 1', async () => {
  await control(sandbox, 'PATCH', `contacts/${scoredLead()}`, { properties: { country: 'Atlantis' } });
  expect((await run('backfill')).code).toBe(1);
  const listed = await run('errors', 'list');
  expect(listed.stdout).toContain(`hubspot:${scoredLead()}  read contact.country  BAD_VALUE`);
  expect((await run('errors', 'retry')).stdout).toMatch(/^\d+ records will be tried again/);
});

test('backfill with a wrong token ends with exit code 2, and does not print the token', async () => {
  const env = { ...installation.env, HUBSPOT_API_URL: sandbox.url, HUBSPOT_ACCESS_TOKEN: 'pat-na1-wrong' };
  const refused = await leadgradeHere(['backfill'], { env });
  expect(refused.code).toBe(2);
  expect(refused.stderr).not.toContain('pat-na1-wrong');
});

test('explain prints the erasure report of a contact that was erased by command', async () => {
  const id = [...sandbox.contactIds.values()].find((each) => each !== scoredLead()) ?? '';
  await control(sandbox, 'POST', `contacts/${id}/privacy-deletion`);
  await run('recompute');
  expect((await run('erase', `hubspot:${id}`)).code).toBe(0);
  const explained = await run('explain', `hubspot:${id}`);
  expect(explained.code).toBe(0);
  expect(explained.stdout).toMatch(/^hubspot:\d+ was erased here at \S+: fields \d+/);
});

test('migrate ends with exit code 3 if the database is down; doctor ends with 2 if no CRM is set up', async () => {
  const down = await leadgradeHere(['migrate'], { env: { DATABASE_URL: 'postgres://nouser@127.0.0.1:1/nothing' } });
  expect(down).toMatchObject({ code: 3, stdout: '' });
  const none = await leadgradeHere(['doctor'], { env: { ...installation.env } });
  expect(none.code).toBe(2);
  expect(none.stderr).toContain('No CRM is set up');
});

test('start with bad settings lists all of them in one message', async () => {
  const bad = await leadgrade(['start'], { env: { PORT: 'x', TIMEZONE: 'Mars/Base' } });
  expect(bad).toMatchObject({ code: 2, stdout: '' });
  expect(bad.stderr).toContain('PORT');
  expect(bad.stderr).toContain('TIMEZONE');
  expect(await run('errors', 'list', '--bogus')).toMatchObject({ code: 2, stdout: '' });
});

test('demo prints what reps see, what each of three models says, and where the shadow differs, without any settings', async () => {
  const demo = await leadgrade(['demo', '--once', '--contacts', '40']);
  expect(demo.code).toBe(0);
  expect(demo.stdout).toContain('THE 10 HOTTEST CONTACTS');
  const sums = [...demo.stdout.matchAll(/(\d+) of (\d+) contacts in HubSpot: fit and behavior add up to the total/g)];
  expect(sums).toHaveLength(2);
  for (const [, right, scored] of sums) expect(right).toBe(scored);
  expect(sums.reduce((all, [, , scored]) => all + Number(scored), 0)).toBe(40);
  expect(demo.stdout).toMatch(/^next \(b2b-saas-next@[\d.]+, shadow\) scores \d+ leads\. It writes nothing/m);
  expect(demo.stdout).toMatch(/^\d+ have another status with next/m);
});

/** A contact that is scored and not a customer. */
function scoredLead(): string {
  const dataset = seededDataset({ contacts: CONTACTS, seed: 3, now: new Date() });
  const lead = dataset.people.find(({ lifecycle }) => lifecycle === 'lead');
  return sandbox.contactIds.get(lead?.key ?? '') ?? '';
}
