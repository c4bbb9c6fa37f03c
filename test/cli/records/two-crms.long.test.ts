// Commands with HubSpot and Salesforce set up: for one of the CRMs, and `init` of Salesforce for a
// new user.

import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../../sandbox/hubspot/start.ts';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../../sandbox/salesforce/start.ts';
import { createDataDir, type Installation } from '../../support/backends.ts';
import { leads } from '../../support/leads.ts';
import { orgSettings } from '../../support/salesforce-product.ts';
import { control } from '../../support/sandbox-crm.ts';
import { testFolder } from '../../support/test-folder.ts';
import { leadgrade, leadgradeHere } from '../run-command.ts';

let portal: HubSpotSandbox;
let org: SalesforceSandbox;
let folder: string;
let installation: Installation;
beforeAll(async () => {
  const clock = { now: () => new Date() };
  portal = await startHubSpotSandbox({ port: 0, dataset: leads(3), clock, searchLagMs: 0 });
  org = await startSalesforceSandbox({ port: 0, dataset: leads(3), clock });
  installation = await createDataDir();
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-two-crms-'));
});
afterAll(async () => {
  await Promise.all([portal.close(), org.close()]);
  await installation.destroy();
  await rm(folder, { recursive: true });
});

const UNSET = { DATABASE_URL: '', REDIS_URL: '', TIMEZONE: '' };

const ofPortal = () => ({ HUBSPOT_API_URL: portal.url, HUBSPOT_ACCESS_TOKEN: portal.accessToken });
const onBoth = () => ({ ...UNSET, ...ofPortal(), ...orgSettings(org), ...installation.env });

const partsOf = (stdout: string) => {
  const { findings } = z.object({ findings: z.array(z.object({ part: z.string() })) }).parse(JSON.parse(stdout));
  return [...new Set(findings.map(({ part }) => part))];
};

test('setup and doctor with --crm work on that CRM only, and a CRM that is not set up is bad usage', async () => {
  const one = await leadgradeHere(['setup', '--dry-run', '--crm', 'salesforce'], { env: onBoth() });
  expect(one.stdout).toContain('salesforce: field Lead.Leadgrade_Total_Score__c: would create');
  expect(one.stdout).not.toContain('hubspot:');
  const both = await leadgradeHere(['setup', '--dry-run'], { env: onBoth() });
  expect(both.stdout).toContain('hubspot: contact property leadgrade_total_score: would create');
  expect(both.stdout).toContain(one.stdout);

  const found = await leadgradeHere(['doctor', '--crm', 'hubspot', '--json'], { env: onBoth() });
  expect(partsOf(found.stdout)).toEqual(['leadgrade', 'hubspot']);
  const all = await leadgradeHere(['doctor', '--json'], { env: onBoth() });
  expect(partsOf(all.stdout)).toEqual(['leadgrade', 'hubspot', 'salesforce']);

  const none = await leadgradeHere(['setup', '--crm', 'pipedrive'], { env: onBoth() });
  expect(none).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Set up: hubspot, salesforce.') });
});

test('setup that one CRM refuses names the call, and sets up the other CRM', async () => {
  const body = { status: 'error', category: 'VALIDATION_ERROR', message: 'No.' };
  const rule = { match: { method: 'GET', path: 'crm/properties' }, action: { status: 400, body } };
  await control(portal.url, 'PUT', 'faults', [rule]);
  const { code, stdout, stderr } = await leadgradeHere(['setup', '--dry-run'], { env: onBoth() });
  await control(portal.url, 'PUT', 'faults', []);
  expect(stderr).toContain('HubSpot refused reading contact properties');
  expect(stdout).toContain('salesforce: field Lead.Leadgrade_Total_Score__c: would create');
  expect(code).not.toBe(0);
});

test('init for Salesforce with --set prompts only for the client secret, and saves everything', async () => {
  const options = ['--set', `SALESFORCE_LOGIN_URL=${org.url}`, '--set', `SALESFORCE_CLIENT_ID=${org.clientId}`];
  const input = `${org.clientSecret}\n`;
  const done = await leadgrade(['init', '--crm', 'salesforce', ...options, '--dry-run'], {
    cwd: folder,
    env: UNSET,
    input,
  });
  expect(done.code).toBe(0);
  expect(done.stdout).toContain('\n  field Contact.Leadgrade_Status__c: would create\n');
  expect(done.stdout).toContain('salesforce: 3 would be written');
  expect(`${done.stdout}${done.stderr}`).not.toContain(org.clientSecret);
  expect(parseEnv(await readFile(join(folder, '.env'), 'utf8'))).toMatchObject(orgSettings(org));
});

test('init for Salesforce with a private key prompts for no client secret', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = join(folder, 'leadgrade.key');
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const certificate = publicKey.export({ type: 'spki', format: 'pem' });
  await fetch(`${org.url}/_sandbox/app`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ certificate }),
  });
  const settings = {
    SALESFORCE_LOGIN_URL: org.url,
    SALESFORCE_CLIENT_ID: org.clientId,
    SALESFORCE_PRIVATE_KEY_FILE: key,
    SALESFORCE_USERNAME: org.username,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const own = await testFolder();
  const done = await leadgrade(['init', '--crm', 'salesforce', ...options], { cwd: own, env: UNSET });
  expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('salesforce: connected to org') });
  expect(parseEnv(await readFile(join(own, '.env'), 'utf8'))).toMatchObject(settings);
});
