// Readiness and metrics while something is set aside.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { saveSetAside } from '../../src/store/set-aside/set-aside.ts';
import { beginJob } from '../../src/store/set-aside/unfinished-jobs.ts';
import { writeHeartbeat } from '../../src/store/sync/heartbeats.ts';
import { freshStore } from '../store/fresh-store.ts';
import { BACKEND } from '../support/backends.ts';
import { startTestServer } from './test-server.ts';

const store = freshStore(BACKEND);
const readySchema = z.object({ status: z.string(), checks: z.array(z.object({ name: z.string() })) });

test('with a form and two records set aside the service is ready and degraded, and names what, without words of the CRM', async () => {
  const now = new Date();
  await writeHeartbeat(store.db, { id: 'canary', roles: 'canary' }, now);
  const server = await startTestServer({ db: store.db });
  const ready = async () => {
    const response = await fetch(`${server.url}/readyz`);
    return { status: response.status, text: await response.text() };
  };
  const before = await ready();
  expect(before).toMatchObject({ status: 200 });
  expect(readySchema.parse(JSON.parse(before.text)).status).toBe('ready');
  const failure = { code: 'HTTP_400', message: 'Jane Doe is not here.', fix: null };
  const things = [
    { stream: 'form_submissions', kind: 'form', id: 'f1', failure },
    { stream: 'contacts', kind: 'record', id: '1', failure },
    { stream: 'contacts', kind: 'record', id: '2', failure },
  ];
  await saveSetAside(store.db, 'hubspot', things, now);
  const { status, text } = await ready();
  expect(status).toBe(200);
  const { status: word, checks } = readySchema.parse(JSON.parse(text));
  expect(word).toBe('degraded');
  expect(checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['hubspot contacts', 'hubspot form_submissions']),
  );
  expect(text).not.toContain('Jane');
  const metrics = await server.metrics();
  expect(metrics).toContain('leadgrade_set_aside{crm="hubspot",stream="contacts",kind="record"} 2');
  expect(metrics).toContain('leadgrade_set_aside{crm="hubspot",stream="form_submissions",kind="form"} 1');
  expect(metrics).not.toContain('Jane');
});

test('with a job set aside the service is ready and degraded, and names the job', async () => {
  const now = new Date();
  await writeHeartbeat(store.db, { id: 'canary', roles: 'canary' }, now);
  const server = await startTestServer({ db: store.db });
  const job = { key: 'score-leads', job: 'score-leads', crm: null };
  for (let starts = 0; starts < 4; starts++) await beginJob(store.db, job, now);
  const response = await fetch(`${server.url}/readyz`);
  expect(response.status).toBe(200);
  const { status, checks } = readySchema.parse(await response.json());
  expect(status).toBe('degraded');
  expect(checks.map(({ name }) => name)).toContain('job score-leads');
  expect(await server.metrics()).toContain('leadgrade_set_aside{crm="",stream="score-leads",kind="job"} 1');
});
