// The commands one after the other, as a user runs them, against a sandbox HubSpot: what they print, and their exit codes.
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

test('migrate brings an empty database up to date, and says so again without doing anything', async () => {
  const first = await leadgrade(['migrate'], { env: { ...installation.env } });
  expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Database: applied 0001-initial, 0002-/) });
  expect(await run('migrate')).toMatchObject({ code: 0, stdout: 'Database: up to date already.\n' });
});

test('doctor names the missing properties and the fix before setup, with exit code 2', async () => {
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

test('setup says what it would do, does it, and finds it done', async () => {
  const dry = await run('setup', '--dry-run');
  expect(dry.stdout).toContain('contact property leadgrade_total_score: would create');
  expect((await run('setup')).stdout).toContain('contact property leadgrade_total_score: created');
  const again = await run('setup', '--json');
  expect(z.object({ steps: z.array(z.object({ state: z.literal('exists') })) }).safeParse(json(again)).success).toBe(
    true,
  );
});

test('backfill goes on with what setup has made possible', async () => {
  const done = await run('backfill', '--json');
  expect(json(done)).toMatchObject({ job: 'backfill', state: 'done' });
  expect(done.stderr).toContain('to do:');
});

test('recompute does the nightly job now; nobody has changed since', async () => {
  expect(json(await run('recompute', '--json'))).toMatchObject({ job: 'recompute', state: 'done', written: 0 });
});

test('explain tells a score, its reasons and its history; an unknown lead is bad usage', async () => {
  const scored = seenLead();
  const told = await run('explain', `hubspot:${scored}`);
  expect(told.code).toBe(0);
  expect(told.stdout).toMatch(/^hubspot:\d+: \w+, grade [A-FU]/);
  expect(told.stdout).toContain('History, newest first:');
  const { contributions, total } = z
    .object({ total: z.number(), contributions: z.array(z.object({ points: z.number() })) })
    .parse(json(await run('explain', `hubspot:${scored}`, '--json')));
  expect(contributions.reduce((sum, { points }) => sum + points, 0)).toBe(total);
  expect(await run('explain', 'hubspot:1')).toMatchObject({ code: 2, stdout: '' });
  expect(await run('explain', 'nonsense')).toMatchObject({ code: 2, stdout: '' });
});

test('a bad value is listed with the contact and the fix, and the backfill ends with exit code 1', async () => {
  await control(sandbox, 'PATCH', `contacts/${seenLead()}`, { properties: { country: 'Atlantis' } });
  expect((await run('backfill')).code).toBe(1);
  const listed = await run('errors', 'list');
  expect(listed.stdout).toContain(`hubspot:${seenLead()}  read contact.country  BAD_VALUE`);
  expect((await run('errors', 'retry')).stdout).toMatch(/^\d+ records will be tried again/);
});

test('a wrong token is told with its fix, and exit code 2', async () => {
  const env = { ...installation.env, HUBSPOT_API_URL: sandbox.url, HUBSPOT_ACCESS_TOKEN: 'pat-na1-wrong' };
  const refused = await leadgradeHere(['backfill'], { env });
  expect(refused.code).toBe(2);
  expect(refused.stderr).not.toContain('pat-na1-wrong');
});

test('explain shows the report of a contact that was deleted for privacy, and not whom it was about', async () => {
  const id = [...sandbox.contactIds.values()].find((each) => each !== seenLead()) ?? '';
  await control(sandbox, 'POST', `contacts/${id}/privacy-deletion`);
  await run('recompute');
  const told = await run('explain', `hubspot:${id}`);
  expect(told.code).toBe(0);
  expect(told.stdout).toMatch(/^hubspot:\d+ was erased here at \S+: fields \d+/);
});

test('a database that is down is exit code 3, no CRM at all exit code 2', async () => {
  const down = await leadgradeHere(['migrate'], { env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' } });
  expect(down).toMatchObject({ code: 3, stdout: '' });
  const none = await leadgradeHere(['doctor'], { env: { ...installation.env } });
  expect(none.code).toBe(2);
  expect(none.stderr).toContain('No CRM is set up');
});

test('bad settings are all named in one message', async () => {
  const bad = await leadgrade(['start'], { env: { PORT: 'x', TIMEZONE: 'Mars/Base' } });
  expect(bad).toMatchObject({ code: 2, stdout: '' });
  expect(bad.stderr).toContain('PORT');
  expect(bad.stderr).toContain('TIMEZONE');
  expect(await run('errors', 'list', '--bogus')).toMatchObject({ code: 2, stdout: '' });
});

test('the demo shows what reps see, with nothing configured', async () => {
  const demo = await leadgrade(['demo', '--once', '--contacts', '40']);
  expect(demo.code).toBe(0);
  expect(demo.stdout).toContain('THE 10 HOTTEST CONTACTS');
  const [, right, scored] = /sum to the score: (\d+) of (\d+)\./.exec(demo.stdout) ?? [];
  expect(Number(scored)).toBeGreaterThan(25);
  expect(right).toBe(scored);
});

/** A contact that is scored, and not a customer. */
function seenLead(): string {
  const dataset = seededDataset({ contacts: CONTACTS, seed: 3, now: new Date() });
  const lead = dataset.people.find(({ lifecycle }) => lifecycle === 'lead');
  return sandbox.contactIds.get(lead?.key ?? '') ?? '';
}
