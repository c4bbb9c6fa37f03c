import { describe, expect, test } from 'vitest';
import type { ChangePage } from '../../../src/domain/crm-changes.ts';
import { closeRun, openRun } from '../../../src/store/sync/runs.ts';
import { saveLinkFindings } from '../../../src/store/sync/save-items.ts';
import { finishPull, savePage } from '../../../src/store/sync/save-page.ts';
import { markStreamUnavailable } from '../../../src/store/sync/stream-availability.ts';
import {
  areStreamsComplete,
  type StreamPosition,
  startFullSync,
  streamState,
} from '../../../src/store/sync/streams.ts';
import { BACKEND } from '../../support/backends.ts';
import { activity, at, CRM, freshStore, ref, snapshot } from '../fresh-store.ts';

describe(`a stream (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);
  const key = { crm: CRM, stream: 'page_views' };

  function page(changes: Partial<ChangePage>): ChangePage {
    return {
      leads: [],
      dirty: [],
      activities: [],
      gone: [],
      outcomes: [],
      cursor: { page: 1 },
      isFullSync: false,
      ...changes,
    };
  }

  async function position(scope = key): Promise<StreamPosition> {
    return (await streamState(store.db, scope)) ?? { cursor: null, fullSyncRunId: null, fullSyncActive: false };
  }

  /** A full sync that lists these pages, `after` seconds from noon. */
  async function fullSync(after: number, pages: readonly Partial<ChangePage>[], stream = key.stream): Promise<void> {
    const run = await openRun(store.db, { job: 'backfill', slot: null, state: 'running' }, at(after));
    if (!run) throw new Error('the run was not opened');
    const scope = { crm: CRM, stream };
    await startFullSync(store.db, scope, { runId: run.id, mappingHash: 'mapping' });
    for (const changes of pages) {
      const options = {
        ...scope,
        from: await position(scope),
        fullSyncRunId: run.id,
        now: at(after + 1),
        askedAt: at(after),
      };
      await savePage(store.db, page({ isFullSync: true, ...changes }), options);
    }
    const lists = stream === 'contacts' ? 'contacts' : null;
    await finishPull(store.db, {
      ...scope,
      from: await position(scope),
      now: at(after + 2),
      listsObject: lists,
      fullSyncRunId: run.id,
    });
    await closeRun(store.db, run.id, { state: 'done', error: null }, at(after + 3));
  }

  async function poll(after: number, changes: Partial<ChangePage>): Promise<void> {
    const options = { ...key, from: await position(), fullSyncRunId: null, now: at(after), askedAt: at(after) };
    await savePage(store.db, page(changes), options);
  }

  async function activities(): Promise<readonly string[]> {
    const rows = store.db.selectFrom('activities').select(['record_id', 'id', 'gone_at']).orderBy('id');
    return (await rows.execute()).map((row) => `${row.record_id}/${row.id}${row.gone_at ? ' gone' : ''}`);
  }

  async function clearMarks(): Promise<void> {
    await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
    await store.db.updateTable('records').set({ dirty_at: null }).execute();
  }

  async function due(): Promise<readonly string[]> {
    const rows = store.db.selectFrom('leads').innerJoin('records', 'records.lead_id', 'leads.id').select('records.id');
    return (await rows.where('due_at', 'is not', null).orderBy('records.id').execute()).map(({ id }) => id);
  }

  test('saves a page and its cursor together: a page that cannot be saved changes nothing', async () => {
    await fullSync(0, [{ leads: [snapshot('a')], cursor: { page: 1 } }]);
    const before = await streamState(store.db, key);
    const page = { leads: [snapshot('b')], dirty: [{ ref: ref('a') }], activities: [activity('a', '1')] };
    // Postgres stores no NUL.
    await expect(poll(60, { ...page, cursor: { page: '\0' } })).rejects.toThrow(/unicode/i);
    expect(await streamState(store.db, key)).toEqual(before);
    expect(await activities()).toEqual([]);
    const records = await store.db.selectFrom('records').select(['id', 'dirty_at']).execute();
    expect(records).toEqual([{ id: 'a', dirty_at: null }]);
  });

  test('upserts an activity by its id: of two on one page, the later one counts', async () => {
    await fullSync(0, [{}]);
    const later = activity('a', '1', { attributes: { path: '/demo' } });
    await poll(60, { activities: [activity('a', '1'), later] });
    await poll(120, { activities: [later] });
    const rows = await store.db.selectFrom('activities').select(['id', 'attributes', 'seen_at']).execute();
    expect(rows).toEqual([{ id: '1', attributes: { path: '/demo' }, seen_at: at(60) }]);
  });

  test('makes leads due for new or changed activities only', async () => {
    await fullSync(0, [{ activities: [activity('a', '1'), activity('b', '2')] }]);
    expect(await due()).toEqual(['a', 'b']);
    await clearMarks();
    await poll(60, { activities: [activity('a', '1'), activity('b', '2', { type: 'call' })] });
    expect(await due()).toEqual(['b']);
  });

  test('sets a tombstone on an activity that a full sync does not list, and clears it when the activity returns', async () => {
    await fullSync(0, [{ activities: [activity('a', '1'), activity('a', '2')] }, { activities: [activity('b', '3')] }]);
    await clearMarks();
    await fullSync(600, [{ activities: [activity('a', '1')] }, { activities: [activity('b', '3')] }]);
    expect(await activities()).toEqual(['a/1', 'a/2 gone', 'b/3']);
    expect(await due()).toEqual(['a']);
    await clearMarks();
    await poll(900, { activities: [activity('a', '2')] });
    expect(await activities()).toEqual(['a/1', 'a/2', 'b/3']);
    expect(await due()).toEqual(['a']);
  });

  test('keeps the former state of an item whose present state the database refuses, though a full sync could not save it', async () => {
    await fullSync(0, [{ activities: [activity('a', '1'), activity('a', '2'), activity('b', '3')] }]);
    // Postgres stores no year after 9999 in the form of `toISOString`.
    await fullSync(600, [{ activities: [activity('a', '1'), activity('a', '2', { at: Date.UTC(20222, 2, 10) })] }]);
    expect(await activities()).toEqual(['a/1', 'a/2', 'b/3 gone']);
  });

  test('sets no tombstone on activities that arrived during the full sync, or belong to other streams', async () => {
    await fullSync(0, [{ activities: [activity('a', 'meeting:1', { type: 'meeting' })] }], 'meetings');
    const run = await openRun(store.db, { job: 'backfill', slot: null, state: 'running' }, at(100));
    if (!run) throw new Error('the run was not opened');
    await startFullSync(store.db, key, { runId: run.id, mappingHash: 'mapping' });
    await saveLinkFindings(
      store.db,
      {
        dirty: [],
        gone: [],
        outcomes: [],
        goneOutcomes: [],
        activities: [{ ...activity('a', 'view:1'), stream: key.stream }],
      },
      { crm: CRM, now: at(150), records: 'contacts' },
    );
    await finishPull(store.db, {
      ...key,
      from: await position(),
      now: at(200),
      listsObject: null,
      fullSyncRunId: run.id,
    });
    expect(await activities()).toEqual(['a/meeting:1', 'a/view:1']);
  });

  test('sets a tombstone on an activity that a poll reports as removed, once', async () => {
    await fullSync(0, [{ activities: [activity('a', '1')] }]);
    await clearMarks();
    await poll(60, { gone: [{ ref: ref('a'), activityId: '1' }] });
    await poll(120, { gone: [{ ref: ref('a'), activityId: '1' }] });
    expect(await activities()).toEqual(['a/1 gone']);
    const { gone_at } = await store.db.selectFrom('activities').select('gone_at').executeTakeFirstOrThrow();
    expect(gone_at).toEqual(at(60));
    expect(await due()).toEqual(['a']);
  });

  test('marks a record dirty that a full sync of contacts did not list', async () => {
    await fullSync(0, [{ leads: [snapshot('a'), snapshot('b')] }], 'contacts');
    await fullSync(600, [{ leads: [snapshot('a')] }], 'contacts');
    const dirty = store.db.selectFrom('records').select('id').where('dirty_at', 'is not', null);
    expect(await dirty.execute()).toEqual([{ id: 'b' }]);
  });

  describe('that was moved after the request', () => {
    async function syncedTo(cursor: object): Promise<StreamPosition> {
      await fullSync(0, [{ cursor: { ...cursor } }]);
      return position();
    }
    const changes = { activities: [activity('a', 'late')], cursor: { page: 2 } };
    const save = (from: StreamPosition, now: Date) =>
      savePage(store.db, page(changes), { ...key, from, fullSyncRunId: null, now, askedAt: now });

    test('by a full sync rejects the page and the end of the former sync', async () => {
      const from = await syncedTo({ page: 1 });
      const run = await openRun(store.db, { job: 'backfill', slot: null, state: 'running' }, at(60));
      await startFullSync(store.db, key, { runId: run!.id, mappingHash: 'mapping' });
      expect(await save(from, at(61))).toBeNull();
      expect(await finishPull(store.db, { ...key, from, now: at(62), listsObject: null, fullSyncRunId: null })).toBe(
        false,
      );
      expect(await streamState(store.db, key)).toMatchObject({
        cursor: null,
        fullSyncRunId: run!.id,
        fullSyncActive: true,
      });
      expect(await activities()).toEqual([]);
    });

    test('by a faster reader is not moved back', async () => {
      const from = await syncedTo({ page: 1, seen: ['x'], until: 0 });
      expect(await save(from, at(60))).not.toBeNull();
      expect(await save(from, at(61))).toBeNull();
      expect(await finishPull(store.db, { ...key, from, now: at(62), listsObject: null, fullSyncRunId: null })).toBe(
        false,
      );
      const after = { ...from, cursor: changes.cursor };
      expect(
        await finishPull(store.db, { ...key, from: after, now: at(63), listsObject: null, fullSyncRunId: null }),
      ).toBe(true);
      expect(await streamState(store.db, key)).toMatchObject({ cursor: { page: 2 }, completedAt: at(63) });
    });

    test('by becoming unavailable stays unavailable', async () => {
      const from = await syncedTo({ page: 1 });
      const unavailable = { reason: 'Enterprise only', fix: null };
      await markStreamUnavailable(store.db, key, { unavailable, mappingHash: 'mapping', now: at(60) });
      expect(await save(from, at(61))).toBeNull();
      expect(await streamState(store.db, key)).toMatchObject({ cursor: null, unavailableReason: 'Enterprise only' });
    });
  });

  describe('as a condition for scoring', () => {
    const streams = [key, { crm: CRM, stream: 'contacts' }];

    test('is incomplete until its end was reached once', async () => {
      expect(await areStreamsComplete(store.db, streams, at(60))).toBe(false);
      await fullSync(0, [{}]);
      expect(await areStreamsComplete(store.db, streams, at(60))).toBe(false);
      await startFullSync(store.db, { crm: CRM, stream: 'contacts' }, { runId: 2, mappingHash: 'mapping' });
      expect(await areStreamsComplete(store.db, streams, at(60))).toBe(false);
    });

    test('is complete if its end was reached or it is unavailable', async () => {
      await fullSync(0, [{}], 'contacts');
      await startFullSync(store.db, key, { runId: 2, mappingHash: 'mapping' });
      const unavailable = { reason: 'Enterprise only', fix: null };
      await markStreamUnavailable(store.db, key, { unavailable, mappingHash: 'mapping', now: at(60) });
      expect(await areStreamsComplete(store.db, streams, at(60))).toBe(true);
    });

    test('stays complete during a later full sync', async () => {
      await fullSync(0, [{}]);
      await startFullSync(store.db, key, { runId: 2, mappingHash: 'another mapping' });
      expect(await areStreamsComplete(store.db, [key], at(60))).toBe(true);
    });
  });
});
