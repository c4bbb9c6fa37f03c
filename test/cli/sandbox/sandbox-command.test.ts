// `leadgrade sandbox` as a process: one line when it is ready, and a prompt end at SIGTERM.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';

const COMMAND = pathToFileURL(join(import.meta.dirname, '../../../cli/sandbox/sandbox-command.ts'));
const PROGRAM = `
  import { sandboxCommand } from '${COMMAND}';
  const io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env,
    clock: { now: () => new Date() }, setExitCode: (code) => { process.exitCode = code; } };
  await sandboxCommand(io).parseAsync(process.argv.slice(1), { from: 'user' });
`;
const folder = mkdtempSync(join(tmpdir(), 'sandbox-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

function run(...options: string[]) {
  const started = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, '--', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  const exit = once(started, 'exit').then(([code]) => code);
  return { child: started, exit };
}

test('sandbox --json prints one line of credentials, serves, and ends with exit code 0 at SIGTERM', async () => {
  const faults = join(folder, 'faults.json');
  writeFileSync(faults, JSON.stringify([{ match: { nth: 2 }, action: { status: 503 } }]));
  const options = [
    '--hubspot-port',
    '0',
    '--salesforce-port',
    '0',
    '--contacts',
    '30',
    '--now',
    '2026-03-01T00:00:00Z',
  ];
  const { child, exit } = run('--json', ...options, '--faults', faults, '--tier', 'pro');
  const [chunk] = await once(child.stdout!, 'data');
  const lines = String(chunk).split('\n');
  expect(lines).toEqual([expect.any(String), '']);
  const { hubspot, salesforce, ...others } = JSON.parse(lines[0]!);
  expect(others).toEqual({});
  expect(Object.keys(salesforce)).toEqual(['url', 'clientId', 'clientSecret', 'orgId']);
  expect(Object.keys(hubspot)).toEqual(['url', 'accessToken', 'clientSecret', 'appId', 'portalId']);
  const call = () =>
    fetch(`${hubspot.url}/crm/objects/2026-03/contacts?limit=100`, {
      headers: { authorization: `Bearer ${hubspot.accessToken}` },
    });
  const first = await call();
  expect(first.headers.get('x-hubspot-ratelimit-daily')).toBe('650000');
  expect(JSON.parse(await first.text()).results).toHaveLength(30);
  expect((await call()).status).toBe(503);
  for (const { url } of [hubspot, salesforce]) {
    expect(await (await fetch(`${url}/_sandbox/clock`)).text()).toContain('2026-03-01T00:0');
  }
  const form = {
    grant_type: 'client_credentials',
    client_id: salesforce.clientId,
    client_secret: salesforce.clientSecret,
  };
  const body = new URLSearchParams(form);
  const login = await fetch(`${salesforce.url}/services/oauth2/token`, { method: 'POST', body });
  expect(JSON.parse(await login.text())).toMatchObject({ instance_url: salesforce.url });
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
});

test.each([
  ['a missing data folder', ['--data', '/nowhere'], /\/nowhere/],
  ['recent dates of no folder', ['--recent'], /--recent moves the dates of a folder: add --data/],
  ['a missing fault script', ['--faults', '/nowhere.json'], /\/nowhere\.json/],
])('sandbox with %s ends with exit code 2 and a message', async (_name, options, message) => {
  const { child, exit } = run(...options);
  let errors = '';
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  expect(await exit).toBe(2);
  expect(errors).toMatch(message);
});
