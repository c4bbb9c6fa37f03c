import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Counters, DatedEvents } from '../../../src/domain/crm-changes.ts';
import { withLockedLeads } from '../../../src/store/leads/lock-leads.ts';
import { markDirty } from '../../../src/store/records/mark-dirty.ts';
import { markGoneOrMerged } from '../../../src/store/records/tombstones.ts';
import { claimChangedCounters } from '../../../src/store/sync/claim-counters.ts';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import { saveDatedEvents } from '../../../src/store/sync/save-dated-events.ts';
import { markStreamAvailable } from '../../../src/store/sync/stream-availability.ts';
import { streamState } from '../../../src/store/sync/streams.ts';
import { disableCounter, enableCounter, redateCounter } from '../../../src/store/sync/switch-counters.ts';
import type { Tables } from '../../../src/store/tables/tables.ts';
import { BACKEND } from '../../support/backends.ts';
import { activity, at, CRM, freshStore, inLocked, ref, saveRead, snapshot } from '../fresh-store.ts';

const VIEWS = 'page_view_counter';

async function waitForBlockedSession(db: Kysely<Tables>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { rows } = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
    if (rows.length > 0) return;
    await sleep(10);
  }
  throw new Error('no session waits for a lock');
}

describe(`counters (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);

  async function read(id: string, counters: Counters, after = 0): Promise<void> {
    await saveRead(store, [snapshot(id, { counters })], { now: at(after) });
  }

  /**
   * A search that returns the record with these counters. @returns the number of records marked
   * dirty
   */
  async function searched(id: string, counters: Counters, after: number): Promise<number> {
    const { fields, crmValues, modifiedAt } = snapshot(id);
    const dirty = [{ ref: ref(id), current: { fields, crmValues, modifiedAt, counters } }];
    return inLocked(store, [ref(id)], (locked) => markDirty(locked, CRM, dirty, at(after)));
  }

  const claim = (after = 10) =>
    claimChangedCounters(store.db, { crm: CRM, by: 'me', limit: 10, now: at(after), until: at(after + 60) });

  /** `count` dated events, one each second. */
  function found(id: string, count: number): DatedEvents {
    const dated = { value: count, lastNumber: count, datedAt: at(count).getTime() };
    const activities = Array.from({ length: count }, (_, index) => ({
      ...activity(id, `${id}:views:${index + 1}`, { at: at(index).getTime() }),
      stream: VIEWS,
    }));
    const counters = [{ counter: VIEWS, dated, crmValue: count, problems: [] }];
    return { records: [{ ref: ref(id), counters }], activities, gone: [], notReturned: [] };
  }

  async function activityIds(): Promise<readonly string[]> {
    const rows = await store.db
      .selectFrom('activities')
      .select('id')
      .where('gone_at', 'is', null)
      .orderBy('id')
      .execute();
    return rows.map(({ id }) => id);
  }

  const enable = () => markStreamAvailable(store.db, { crm: CRM, stream: VIEWS }, at());
  const dueLeads = async () =>
    (await store.db.selectFrom('leads').select('id').where('due_at', 'is not', null).execute()).length;

  test('a changed counter is claimed with its position, and not again once it is dated', async () => {
    await enable();
    await read('1', { [VIEWS]: 2 });
    await read('2', {});
    const first = await claim();
    expect(first).toMatchObject([{ id: '1', counters: { [VIEWS]: 2 }, dated: {} }]);
    expect((await pendingWork(store.db, at(), [CRM])).dirty).toBe(1);
    await saveDatedEvents(store.db, found('1', 2), { crm: CRM, now: at(11), claimed: first });
    expect(await activityIds()).toEqual(['1:views:1', '1:views:2']);
    expect(await claim()).toEqual([]);
    expect((await pendingWork(store.db, at(), [CRM])).dirty).toBe(0);
    await searched('1', { [VIEWS]: 3 }, 20);
    expect(await claim(21)).toMatchObject([
      { dated: { [VIEWS]: { value: 2, lastNumber: 2, crmValue: 2, redate: false } } },
    ]);
  });

  test('a changed counter alone makes no lead due and no record dirty', async () => {
    await read('1', { [VIEWS]: 2 });
    await sql`update leadgrade.leads set due_at = null`.execute(store.db);
    expect(await searched('1', { [VIEWS]: 5 }, 20)).toBe(0);
    expect(await dueLeads()).toBe(0);
    expect(await claim(21)).toHaveLength(1);
  });

  test('of two workers that dated the same record, the first one counts', async () => {
    await enable();
    await read('1', { [VIEWS]: 1 });
    const claimed = await claim();
    await saveDatedEvents(store.db, found('1', 2), { crm: CRM, now: at(11), claimed });
    await saveDatedEvents(store.db, found('1', 1), { crm: CRM, now: at(12), claimed });
    const rows = await store.db.selectFrom('counter_positions').select(['value', 'last_number']).execute();
    expect(rows.map(({ value, last_number }) => [Number(value), Number(last_number)])).toEqual([[2, 2]]);
    expect(await activityIds()).toHaveLength(2);
  });

  test('a counter that changed during the dating is dated again', async () => {
    await enable();
    await read('1', { [VIEWS]: 1 });
    const claimed = await claim();
    await searched('1', { [VIEWS]: 2 }, 11);
    await saveDatedEvents(store.db, found('1', 1), { crm: CRM, now: at(12), claimed });
    expect(await claim(13)).toMatchObject([{ counters: { [VIEWS]: 2 }, dated: { [VIEWS]: { value: 1 } } }]);
  });

  test('a disabled counter loses its activities, also those being dated; when enabled, all records are dated again', async () => {
    await enable();
    await read('1', { [VIEWS]: 1 });
    await saveDatedEvents(store.db, found('1', 1), { crm: CRM, now: at(11), claimed: await claim() });
    await searched('1', { [VIEWS]: 2 }, 12);
    await read('2', { [VIEWS]: 2 }, 12);
    const claimed = await claim(13);
    const unavailable = { reason: 'page_views is open', fix: null };
    const key = { crm: CRM, counter: VIEWS };
    await disableCounter(store.db, key, { unavailable, mappingHash: 'mapping', now: at(14) });
    const late = { ...found('1', 2), activities: [...found('1', 2).activities, ...found('2', 2).activities] };
    await saveDatedEvents(store.db, late, { crm: CRM, now: at(15), claimed });
    expect(await activityIds()).toEqual([]);
    await enableCounter(store.db, key, { now: at(17), better: null });
    expect(await streamState(store.db, { crm: CRM, stream: VIEWS })).toMatchObject({
      unavailableReason: null,
      completedAt: null,
    });
    expect(await claim(18)).toMatchObject([
      { id: '1', dated: {} },
      { id: '2', dated: {} },
    ]);
  });

  test('a backfill dates all events again and knows the stored positions', async () => {
    await enable();
    await read('1', { [VIEWS]: 1 });
    await saveDatedEvents(store.db, found('1', 1), { crm: CRM, now: at(11), claimed: await claim() });
    await redateCounter(store.db, { crm: CRM, counter: VIEWS }, at(12));
    expect(await claim(13)).toMatchObject([{ dated: { [VIEWS]: { value: 1, lastNumber: 1, redate: true } } }]);
  });

  // The embedded database has one session, which never waits for another.
  if (setup.name !== 'embedded') {
    test('dating does not deadlock with a page of another stream for the same lead', async () => {
      await enable();
      await markStreamAvailable(store.db, { crm: CRM, stream: 'contacts' }, at());
      await read('1', { [VIEWS]: 1 });
      const claimed = await claim();
      const dating = await store.db.transaction().execute(async (tx) => {
        await withLockedLeads(tx, CRM, [ref('1')], async () => undefined);
        const saved = saveDatedEvents(store.db, found('1', 1), { crm: CRM, now: at(11), claimed });
        await waitForBlockedSession(store.db);
        await tx.updateTable('streams').set({ cursor: '{}' }).where('stream', '=', 'contacts').execute();
        return { saved };
      });
      await dating.saved;
      expect(await activityIds()).toEqual(['1:views:1']);
    });
  }

  test('a deleted record is not claimed, and a record that the CRM did not return is read again', async () => {
    await enable();
    await read('1', { [VIEWS]: 1 });
    await read('2', { [VIEWS]: 1 });
    await inLocked(store, [ref('1')], (locked) =>
      markGoneOrMerged(locked, CRM, [{ ...ref('1'), into: null }], { now: at(5) }),
    );
    const claimed = await claim();
    expect(claimed.map(({ id }) => id)).toEqual(['2']);
    const notReturned = { records: [], activities: [], gone: [], notReturned: [ref('2')] };
    await saveDatedEvents(store.db, notReturned, { crm: CRM, now: at(11), claimed });
    const row = await store.db.selectFrom('records').selectAll().where('id', '=', '2').executeTakeFirstOrThrow();
    expect(row).toMatchObject({ dirty_at: at(11), counters_changed_at: null, counters: {} });
  });
});
