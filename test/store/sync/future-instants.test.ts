// A clock that was ahead and was put right: what it has written must not keep work waiting.
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { markDue } from '../../../src/store/leads/mark-due.ts';
import { claimDirty } from '../../../src/store/records/claim-dirty.ts';
import { activePause, clearPause, pauseCrm } from '../../../src/store/sync/crm-pauses.ts';
import { aheadOfClockMs, endFutureInstants } from '../../../src/store/sync/future-instants.ts';
import { isWorkerAlive, writeHeartbeat } from '../../../src/store/sync/heartbeats.ts';
import { openRun } from '../../../src/store/sync/runs.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, CRM, freshStore, inLocked, ref, saveRead, snapshot } from '../fresh-store.ts';

const store = freshStore(BACKEND);
/** What the clock showed while it was an hour ahead. */
const AHEAD = at(3_600);
const NOW = at(5);

const fieldsOf = async (id: string) => {
  const rows = await store.db.selectFrom('records').select('fields').where('id', '=', id).execute();
  return rows[0]?.fields;
};

test('a heartbeat an hour in the future shows that the clock was ahead; one of a few seconds does not', async () => {
  expect(await aheadOfClockMs(store.db, NOW)).toBe(0);
  await writeHeartbeat(store.db, { id: 'a', roles: 'worker' }, at(20));
  expect(await aheadOfClockMs(store.db, NOW)).toBe(0);
  await writeHeartbeat(store.db, { id: 'b', roles: 'worker' }, AHEAD);
  expect(await aheadOfClockMs(store.db, NOW)).toBe(3_595_000);
  await endFutureInstants(store.db, NOW);
  expect(await aheadOfClockMs(store.db, NOW)).toBe(0);
});

test('a worker whose heartbeat lies in the future is not taken for alive', async () => {
  await writeHeartbeat(store.db, { id: 'killed', roles: 'worker' }, AHEAD);
  expect(await isWorkerAlive(store.db, NOW)).toBe(false);
});

test('a record that was read while the clock was ahead takes the next response', async () => {
  await saveRead(store, [snapshot('1')], { now: AHEAD });
  const promoted = snapshot('1', { fields: { 'contact.job_title': 'Chief Executive Officer' } });
  await saveRead(store, [promoted], { now: NOW });
  expect(await fieldsOf('1')).toEqual({ 'contact.job_title': 'VP Sales' });
  await endFutureInstants(store.db, NOW);
  await saveRead(store, [promoted], { now: at(6) });
  expect(await fieldsOf('1')).toEqual({ 'contact.job_title': 'Chief Executive Officer' });
});

test('a dirty record whose lease or debounce window lies in the future can be claimed', async () => {
  await saveRead(store, [snapshot('1'), snapshot('2')], { now: at() });
  await sql`update leadgrade.records set dirty_at = ${AHEAD}, claimed_by = 'killed', claimed_until = ${at(3_900)} where id = '1'`.execute(
    store.db,
  );
  await sql`update leadgrade.records set dirty_at = ${AHEAD}, debounced_until = ${at(3_605)} where id = '2'`.execute(
    store.db,
  );
  const claim = { crm: CRM, by: 'refresh-hubspot', limit: 10, now: NOW, until: at(65) };
  expect(await claimDirty(store.db, claim)).toEqual([]);
  await endFutureInstants(store.db, NOW);
  expect((await claimDirty(store.db, claim)).map(({ id }) => id).toSorted()).toEqual(['1', '2']);
});

test('a lead that was scored while the clock was ahead is due at once after its next change', async () => {
  await saveRead(store, [snapshot('1')], { now: at() });
  await sql`update leadgrade.leads set due_at = null, due_reason = null, scored_at = ${AHEAD}`.execute(store.db);
  await endFutureInstants(store.db, NOW);
  const { rows } = await sql<{ id: number }>`select id from leadgrade.leads`.execute(store.db);
  const leadIds = rows.map(({ id }) => id);
  await inLocked(store, [ref('1')], (locked) => markDue(locked, leadIds, 'changed', at(10), { debounceMs: 5_000 }));
  const due = await store.db.selectFrom('leads').select('due_at').executeTakeFirstOrThrow();
  expect(due.due_at).toEqual(at(10));
});

test('a pause that began in the future ends, and its next success clears it', async () => {
  const pause = { crm: CRM, direction: 'read', error_kind: 'retry', message: 'down', fix: null } as const;
  await pauseCrm(store.db, { ...pause, since: AHEAD, until: at(3_615) });
  await endFutureInstants(store.db, NOW);
  expect(await activePause(store.db, CRM, 'read', NOW)).toBeNull();
  await clearPause(store.db, { crm: CRM, direction: 'read', before: NOW });
  expect(await store.db.selectFrom('crm_pauses').selectAll().execute()).toEqual([]);
});

test('a nightly slot that was taken before its time runs when its time has come', async () => {
  await openRun(store.db, { job: 'nightly', slot: '2026-03-11', state: 'running' }, AHEAD);
  await endFutureInstants(store.db, NOW);
  expect(await openRun(store.db, { job: 'nightly', slot: '2026-03-11', state: 'running' }, at(10))).not.toBeNull();
});

test('the instant at which a score changes by itself, and the time of a booked meeting, stay in the future', async () => {
  await saveRead(store, [snapshot('1')], { now: at() });
  await sql`update leadgrade.leads set next_change_at = ${AHEAD}`.execute(store.db);
  await endFutureInstants(store.db, NOW);
  const lead = await store.db.selectFrom('leads').select('next_change_at').executeTakeFirstOrThrow();
  expect(lead.next_change_at).toEqual(AHEAD);
});
