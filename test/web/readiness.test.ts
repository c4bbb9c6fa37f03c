// Readiness: whether work is done now, and who may see the details.
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { pauseCrm } from '../../src/store/sync/crm-pauses.ts';
import { writeHeartbeat } from '../../src/store/sync/heartbeats.ts';
import { at, freshStore } from '../store/fresh-store.ts';
import { BACKEND } from '../support/backends.ts';
import { METRICS_TOKEN, startTestServer, type TestServer } from './test-server.ts';

const store = freshStore(BACKEND);

interface Readiness {
  readonly status: string;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[];
}

async function readiness({ url }: TestServer, token?: string): Promise<Readiness & { readonly code: number }> {
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/readyz`, { ...(headers && { headers }) });
  const body: Readiness = JSON.parse(await response.text());
  return { ...body, code: response.status };
}

const detailOf = ({ checks }: Readiness, name: string) => checks.find((check) => check.name === name)?.detail;
const finishJob = (now: Date) => writeHeartbeat(store.db, { id: 'canary', roles: 'canary' }, now);

test('a service whose last job ended a moment ago is ready', async () => {
  await finishJob(at());
  const server = await startTestServer({ db: store.db, now: () => at(30) });
  const ready = await readiness(server, METRICS_TOKEN);
  expect(ready.code).toBe(200);
  expect(detailOf(ready, 'jobs')).toBe('a job ended 30 s ago');
  expect(detailOf(ready, 'database')).toBe('responds and takes writes');
});

test('a service whose worker lives and has finished no job for 46 seconds is not ready', async () => {
  await finishJob(at());
  const readyAfter = async (seconds: number) => {
    const server = await startTestServer({ db: store.db, now: () => at(seconds) });
    return (await readiness(server)).code;
  };
  expect([await readyAfter(45), await readyAfter(46)]).toEqual([200, 503]);
});

test('a service whose last job ended in the future is not ready: its clock was ahead', async () => {
  await finishJob(at(3_534));
  const server = await startTestServer({ db: store.db, now: () => at() });
  const ready = await readiness(server, METRICS_TOKEN);
  expect(ready.code).toBe(503);
  expect(detailOf(ready, 'jobs')).toBe('a job ended 3534 s in the future; the clock was ahead');
});

test('a service whose database can be read but not written is not ready, and says so', async () => {
  await finishJob(at());
  await store.db.connection().execute(async (connection) => {
    await sql`set default_transaction_read_only = on`.execute(connection);
    try {
      const server = await startTestServer({ db: connection, now: () => at(1) });
      const ready = await readiness(server, METRICS_TOKEN);
      expect(ready.code).toBe(503);
      expect(detailOf(ready, 'database')).toBe('takes no writes (25006): check its disk, and whether it is a standby');
    } finally {
      await sql`set default_transaction_read_only = off`.execute(connection);
    }
  });
});

test('a service whose queue is silent is not ready, and says for how long', async () => {
  await finishJob(at());
  const server = await startTestServer({ db: store.db, now: () => at(1), queueSilentMs: () => 25_000 });
  const ready = await readiness(server, METRICS_TOKEN);
  expect(ready.code).toBe(503);
  expect(detailOf(ready, 'queue')).toBe('has not responded for 25 s');
});

test('without the token, or with a wrong one, readiness names its checks and their state, and nothing else', async () => {
  await finishJob(at());
  const server = await startTestServer({ db: store.db, now: () => at(1) });
  for (const given of [await readiness(server), await readiness(server, 'a-wrong-token-of-16')]) {
    expect(given.code).toBe(200);
    expect(given.checks.map(({ name }) => name)).toContain('jobs');
    for (const check of given.checks) expect(Object.keys(check)).toEqual(['name', 'ok']);
  }
});

test('a pause is shown with its kind and end, without what the CRM has said', async () => {
  await finishJob(at());
  await pauseCrm(store.db, {
    crm: 'hubspot',
    direction: 'write',
    error_kind: 'configuration',
    message: 'HubSpot refused writing contacts: 400 Ada Lovelace is not one of the allowed options',
    fix: null,
    since: at(),
    until: at(300),
  });
  const server = await startTestServer({ db: store.db, now: () => at(1) });
  const ready = await readiness(server, METRICS_TOKEN);
  expect(detailOf(ready, 'hubspot write')).toBe('paused until 2026-03-10T12:05:00.000Z (configuration)');
  expect(JSON.stringify(ready)).not.toContain('Lovelace');
});
