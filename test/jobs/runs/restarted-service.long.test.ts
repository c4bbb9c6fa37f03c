// A restart of the service: after kill -9 during its first sync, and with another mapping and an
// applied model.
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isExplanationConsistent, isScored, reasonsOf } from '../../../cli/demo/display-record.ts';
import { contactsInHubSpot } from '../../../cli/demo/hubspot-view.ts';
import { loggedCalls } from '../../../cli/demo/sandbox-log.ts';
import { seededDataset } from '../../../sandbox/dataset/seeded.ts';
import { startHubSpotSandbox } from '../../../sandbox/hubspot/start.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { BACKEND } from '../../support/backends.ts';
import { patient } from '../../support/patience.ts';
import { freePort, start } from '../../support/processes.ts';
import { testFolder } from '../../support/test-folder.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;
const CLOCK = { now: () => new Date() };

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  expect(text).toContain(from);
  await writeFile(file, text.replace(from, to));
}

test('a restarted service continues its first sync after a kill, and gives all contacts a new field and, once it is applied, a new criterion', async () => {
  const installation = await BACKEND.create();
  const dataset = seededDataset({ contacts: 150, seed: 8, now: CLOCK.now() });
  const sandbox = await startHubSpotSandbox({ port: 0, dataset, clock: CLOCK, searchLagMs: 500 });
  endWithTest(sandbox.close);
  const folder = await testFolder();
  await cp(join(ROOT, 'mappings'), join(folder, 'mappings'), { recursive: true });
  const port = String(await freePort());
  const env = {
    ...{ ...installation.env, HUBSPOT_API_URL: sandbox.url, HUBSPOT_ACCESS_TOKEN: sandbox.accessToken },
    ...{ PORT: port, POLL_SECONDS: '5' },
  };
  // Settings, model and mapping come from the folder that the process runs in.
  const run = (...args: string[]) => {
    const inFolder = ['-c', `cd "${folder}" && exec "$0" "$@"`, process.execPath, join(ROOT, 'bin/leadgrade.js')];
    const child = start('sh', [...inFolder, ...args], { env });
    endWithTest(child.kill);
    return child;
  };
  const scored = async () => (await contactsInHubSpot(sandbox)).filter(isScored);
  const soon = { timeout: patient(90_000), interval: 500 };

  expect(await run('setup').ended).toBe(0);
  const calls = (await loggedCalls(sandbox)).length;
  const killed = run('start');
  await expect
    .poll(async () => (await loggedCalls(sandbox)).length, { timeout: patient(60_000), interval: 5 })
    .toBeGreaterThan(calls + 3);
  await killed.kill();
  const restarted = run('start');
  await expect.poll(async () => (await scored()).length, soon).toBeGreaterThan(120);
  restarted.signal('SIGTERM');
  expect(await restarted.ended).toBe(0);
  const scoredCount = (await scored()).length;

  const joined =
    '    - { id: joined, label: Joined, field: contact.joined, cases: [ { when: { present: true }, points: 7 } ] }\n';
  await edit(join(folder, 'mappings/model.yaml'), '  criteria:\n', `  criteria:\n${joined}`);
  await edit(
    join(folder, 'mappings/hubspot.yaml'),
    '\nfields:\n',
    '\nfields:\n  contact.joined: { from: contacts.createdate, as: instant }\n',
  );
  expect(await run('apply', '--yes').ended).toBe(0);
  const edited = run('start');
  const withNewReason = async () => (await scored()).filter((contact) => reasonsOf(contact).includes('+7 Joined'));
  await expect.poll(async () => (await withNewReason()).length, soon).toBe(scoredCount);
  expect((await withNewReason()).filter((contact) => !isExplanationConsistent(contact))).toEqual([]);
  edited.signal('SIGTERM');
  expect(await edited.ended).toBe(0);
}, 300_000);
