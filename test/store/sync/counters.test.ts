import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Counters, DatedEvents } from '../../../src/domain/crm-changes.ts';
import { lockLeadsOfRecords } from '../../../src/store/leads/mark-due.ts';
import { markDirty, saveSnapshots } from '../../../src/store/records/save-snapshots.ts';
import { markGoneOrMerged } from '../../../src/store/records/tombstones.ts';
import {
  claimChangedCounters,
  disableCounter,
  enableCounter,
  redateCounter,
  saveDatedEvents,
} from '../../../src/store/sync/counters.ts';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import { markStreamAvailable, streamState } from '../../../src/store/sync/streams.ts';
import type { Tables } from '../../../src/store/tables/tables.ts';
import { activity, at, CRM, freshStore, ref, STORES, snapshot } from '../fresh-store.ts';

const VIEWS = 'page_view_counter';

async function untilSomebodyWaits(db: Kysely<Tables>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { rows } = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
    if (rows.length > 0) return;
    await sleep(10);
  }
  throw new Error('nobody waits for a lock');
}

describe.each(STORES)('counters on $name', (setup) => {
  const store = freshStore(setup);

  async function read(id: string, counters: Counters, after = 0): Promise<void> {
    const options = { crm: CRM, now: at(after), askedAt: at(after) };
    await store.db.transaction().execute((tx) => saveSnapshots(tx, [snapshot(id, { counters })], options));
  }

  async function seen(id: string, counters: Counters, after: number): Promise<number> {
    const { fields, crmValues, modifiedAt } = snapshot(id);
    const dirty = [{ ref: ref(id), seen: { fields, crmValues: crmValues, modifiedAt, counters } }];
    return store.db.transaction().execute((tx) => markDirty(tx, CRM, dirty, at(after)));
  }

  const claim = (after = 10) =>
    claimChangedCounters(store.db, { crm: CRM, by: 'me', limit: 10, now: at(after), until: at(after + 60) });

  /** Up to the count that the record shows, one thing a second. */
  function found(id: string, count: number): DatedEvents {
    const dated = { value: count, n: count, at: at(count).getTime() };
    const things = Array.from({ length: count }, (_, index) => ({
      ...activity(id, `${id}:views:${index + 1}`, { at: at(index).getTime() }),
      stream: VIEWS,
    }));
    const counters = [{ counter: VIEWS, dated, shown: count, problems: [] }];
    return { records: [{ ref: ref(id), counters }], activities: things, gone: [], unanswered: [] };
  }

  async function ledger(): Promise<readonly string[]> {
    const rows = await store.db
      .selectFrom('activities')
      .select('id')
      .where('gone_at', 'is', null)
      .orderBy('id')
      .execute();
    return rows.map(({ id }) => id);
  }

  const open = () => markStreamAvailable(store.db, { crm: CRM, stream: VIEWS }, at());
  const dueLeads = async () =>
    (await store.db.selectFrom('leads').select('id').where('due_at', 'is not', null).execute()).length;

  test('what moved is claimed once, with how far it was dated; then nothing is left', async () => {
    await open();
    await read('1', { [VIEWS]: 2 });
    await read('2', {});
    const first = await claim();
    expect(first).toMatchObject([{ id: '1', counters: { [VIEWS]: 2 }, dated: {} }]);
    expect((await pendingWork(store.db, at(), [CRM])).dirty).toBe(1);
    await saveDatedEvents(store.db, found('1', 2), { crm: CRM, now: at(11), claimed: first });
    expect(await ledger()).toEqual(['1:views:1', '1:views:2']);
    expect(await claim()).toEqual([]);
    expect((await pendingWork(store.db, at(), [CRM])).dirty).toBe(0);
    await seen('1', { [VIEWS]: 3 }, 20);
    expect(await claim(21)).toMatchObject([{ dated: { [VIEWS]: { value: 2, n: 2, shown: 2, again: false } } }]);
  });

  test('a counter that moved alone makes nobody due and has nothing read again', async () => {
    await read('1', { [VIEWS]: 2 });
    await sql`update leadgrade.leads set due_at = null`.execute(store.db);
    expect(await seen('1', { [VIEWS]: 5 }, 20)).toBe(0);
    expect(await dueLeads()).toBe(0);
    expect(await claim(21)).toHaveLength(1);
  });

  test('two who dated the same record keep it once; the later one leaves it is', async () => {
    await open();
    await read('1', { [VIEWS]: 1 });
    const claimed = await claim();
    await saveDatedEvents(store.db, found('1', 2), { crm: CRM, now: at(11), claimed });
    await saveDatedEvents(store.db, found('1', 1), { crm: CRM, now: at(12), claimed });
    const rows = await store.db.selectFrom('counter_positions').select(['value', 'last_number']).execute();
    expect(rows.map(({ value, last_number }) => [Number(value), Number(last_number)])).toEqual([[2, 2]]);
    expect(await ledger()).toHaveLength(2);
  });

  test('what moved while it was being dated is dated again', async () => {
    await open();
    await read('1', { [VIEWS]: 1 });
    const claimed = await claim();
    await seen('1', { [VIEWS]: 2 }, 11);
    await saveDatedEvents(store.db, found('1', 1), { crm: CRM, now: at(12), claimed });
    expect(await claim(13)).toMatchObject([{ counters: { [VIEWS]: 2 }, dated: { [VIEWS]: { value: 1 } } }]);
  });

  test('a counter that closes loses its things, whoever was dating it; when it opens everybody is dated anew', async () => {
    await open();
    await read('1', { [VIEWS]: 1 });
    await saveDatedEvents(store.db, found('1', 1), { crm: CRM, now: at(11), claimed: await claim() });
    await seen('1', { [VIEWS]: 2 }, 12);
    await read('2', { [VIEWS]: 2 }, 12);
    const claimed = await claim(13);
    const unavailable = { reason: 'page_views is open', fix: null };
    const key = { crm: CRM, counter: VIEWS };
    await disableCounter(store.db, key, { unavailable, mappingHash: 'mapping', now: at(14) });
    const late = { ...found('1', 2), activities: [...found('1', 2).activities, ...found('2', 2).activities] };
    await saveDatedEvents(store.db, late, { crm: CRM, now: at(15), claimed });
    expect(await ledger()).toEqual([]);
    await enableCounter(store.db, key, { now: at(17), brokenOff: null });
    expect(await streamState(store.db, { crm: CRM, stream: VIEWS })).toMatchObject({
      unavailableReason: null,
      completedAt: null,
    });
    expect(await claim(18)).toMatchObject([
      { id: '1', dated: {} },
      { id: '2', dated: {} },
    ]);
  });

  test('a backfill asks for all of it again, and knows what it has', async () => {
    await open();
    await read('1', { [VIEWS]: 1 });
    await saveDatedEvents(store.db, found('1', 1), { crm: CRM, now: at(11), claimed: await claim() });
    await redateCounter(store.db, { crm: CRM, counter: VIEWS }, at(12));
    expect(await claim(13)).toMatchObject([{ dated: { [VIEWS]: { value: 1, n: 1, again: true } } }]);
  });

  // One session, as the embedded database has, waits for nobody.
  if (setup.name !== 'embedded') {
    test('while a page of another stream is kept for the same lead, both are kept', async () => {
      await open();
      await markStreamAvailable(store.db, { crm: CRM, stream: 'contacts' }, at());
      await read('1', { [VIEWS]: 1 });
      const claimed = await claim();
      const dating = await store.db.transaction().execute(async (tx) => {
        await lockLeadsOfRecords(tx, CRM, [ref('1')]);
        const taken = saveDatedEvents(store.db, found('1', 1), { crm: CRM, now: at(11), claimed });
        await untilSomebodyWaits(store.db);
        await tx.updateTable('streams').set({ cursor: '{}' }).where('stream', '=', 'contacts').execute();
        return { taken };
      });
      await dating.taken;
      expect(await ledger()).toEqual(['1:views:1']);
    });
  }

  test('a record that is gone is not asked for; one that is not answered for is read whole', async () => {
    await open();
    await read('1', { [VIEWS]: 1 });
    await read('2', { [VIEWS]: 1 });
    await store.db
      .transaction()
      .execute((tx) => markGoneOrMerged(tx, CRM, [{ ...ref('1'), into: null }], { now: at(5) }));
    const claimed = await claim();
    expect(claimed.map(({ id }) => id)).toEqual(['2']);
    const unanswered = { records: [], activities: [], gone: [], unanswered: [ref('2')] };
    await saveDatedEvents(store.db, unanswered, { crm: CRM, now: at(11), claimed });
    const row = await store.db.selectFrom('records').selectAll().where('id', '=', '2').executeTakeFirstOrThrow();
    expect(row).toMatchObject({ dirty_at: at(11), counters_changed_at: null, counters: {} });
  });
});
