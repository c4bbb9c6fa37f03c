// The fault script: responses that fail as real ones do.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { endWithTest } from '../end-with-test.ts';
import { startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
  endWithTest(() => rmSync(folder, { recursive: true }));
  sandbox = await startTestSandbox({ logFile: join(folder, 'log.ndjson') });
});

const CONTACTS = '/crm/objects/2026-03/contacts';
const faults = (...rules: object[]) => sandbox.control('PUT', '/faults', rules);
const list = () => sandbox.call('GET', CONTACTS);
const log = async () =>
  (await sandbox.control('GET', '/log')).body
    .split('\n')
    .filter(Boolean)
    .map((line: string) => JSON.parse(line));
const writePhone = (signal?: AbortSignal) =>
  fetch(`${sandbox.url}${CONTACTS}/batch/update`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [{ id: sandbox.id(0), properties: { phone: '7' } }] }),
    ...(signal ? { signal } : {}),
  });
const phone = async () => (await sandbox.control('GET', `/contacts/${sandbox.id(0)}`)).body.properties.phone;

test('a fault with nth 2 and times 2 applies to the second and third matching request only', async () => {
  await faults({
    match: { method: 'get', path: '/contacts$', nth: 2, times: 2 },
    action: { status: 502, body: '<html>Bad gateway</html>', headers: { 'content-type': 'text/html' } },
  });
  const first = await list();
  await sandbox.call('GET', '/account-info/2026-03/details');
  const second = await list();
  expect([first.status, second.status, (await list()).status, (await list()).status]).toEqual([200, 502, 502, 200]);
  expect(second.body).toBe('<html>Bad gateway</html>');
  expect(second.headers.get('content-type')).toMatch(/^text\/html/);
});

test('a fault without nth and times applies to every match, and one with nth alone to that match', async () => {
  await faults({ match: { path: 'contacts' }, action: { status: 503, headers: { 'Retry-After': '3' } } });
  expect([(await list()).status, (await list()).headers.get('retry-after')]).toEqual([503, '3']);
  await faults({ match: { nth: 1 }, action: { status: 500 } });
  expect([(await list()).status, (await list()).status]).toEqual([500, 200]);
});

test('a reset breaks the connection, and the write is not applied', async () => {
  await faults({ match: {}, action: { reset: true } });
  await expect(writePhone()).rejects.toThrow('fetch failed');
  expect(await phone()).toBeUndefined();
  expect(await log()).toMatchObject([{ status: null, fault: 'reset' }]);
});

test('applyThenReset applies the write and resets the connection', async () => {
  await faults({ match: { path: 'batch/update' }, action: { applyThenReset: true } });
  await expect(writePhone()).rejects.toThrow('fetch failed');
  expect(await phone()).toBe('7');
  expect(await log()).toMatchObject([{ status: 200, fault: 'applied, then reset', ids: [sandbox.id(0)] }]);
});

test('applyThenHang applies the write and sends no response', async () => {
  await faults({ match: { path: 'batch/update' }, action: { applyThenHang: true } });
  await expect(writePhone(AbortSignal.timeout(300))).rejects.toThrow(/timeout/i);
  expect(await phone()).toBe('7');
});

test('hangAfterHeaders sends the headers and no body', async () => {
  await faults({ match: { nth: 1 }, action: { hangAfterHeaders: true } });
  const response = await fetch(`${sandbox.url}${CONTACTS}`, { signal: AbortSignal.timeout(300) });
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
});

test('a response with drip and delayMs arrives complete', async () => {
  await faults({ match: { nth: 1 }, action: { drip: 1, delayMs: 20 } });
  const { status, body } = await list();
  expect(status).toBe(200);
  expect(body.results).toHaveLength(3);
  expect(await log()).toMatchObject([{ fault: 'dripped' }]);
});

test('an invalid fault script is rejected, and the former one stays active', async () => {
  await faults({ match: {}, action: { status: 500 } });
  expect((await faults({ match: { path: '(' }, action: {} })).status).toBe(400);
  expect((await faults({ match: {}, action: { explode: true } })).status).toBe(400);
  expect((await list()).status).toBe(500);
});

test('the sandbox appends requests to its log file', async () => {
  await list();
  const lines = readFileSync(join(folder, 'log.ndjson'), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).path)).toEqual([CONTACTS]);
});

test('closing the sandbox does not wait for hanging requests', async () => {
  const hanging = await startTestSandbox({ faults: [{ match: {}, action: { applyThenHang: true } }] });
  const lost = hanging.call('GET', CONTACTS).catch((error: unknown) => error);
  while ((await hanging.control('GET', '/log')).body === '') await new Promise((resolve) => setTimeout(resolve, 5));
  await hanging.close();
  expect(await lost).toBeInstanceOf(Error);
});
