import { describe, expect, test } from 'vitest';
import type { ChangePage } from '../../../src/domain/crm-changes.ts';
import { areStreamsComplete } from '../../../src/store/sync/pending-work.ts';
import { closeRun, openRun } from '../../../src/store/sync/runs.ts';
import { saveLinkFindings } from '../../../src/store/sync/save-items.ts';
import {
  finishPull,
  markStreamUnavailable,
  type StreamPosition,
  savePage,
  startFullSync,
  streamState,
} from '../../../src/store/sync/streams.ts';
import { activity, at, CRM, freshStore, ref, STORES, snapshot } from '../fresh-store.ts';

describe.each(STORES)('streams ($name)', (setup) => {
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
      whole: false,
      ...changes,
    };
  }

  async function stand(scope = key): Promise<StreamPosition> {
    return (await streamState(store.db, scope)) ?? { cursor: null, fullSyncRunId: null, fullSyncActive: false };
  }

  /** A whole pass that shows these pages, `after` seconds from noon. */
  async function wholePass(after: number, pages: readonly Partial<ChangePage>[], stream = key.stream): Promise<void> {
    const run = await openRun(store.db, { job: 'backfill', slot: null, state: 'running' }, at(after));
    if (!run) throw new Error('the run was to be opened');
    const scope = { crm: CRM, stream };
    await startFullSync(store.db, scope, { run: run.id, mappingHash: 'mapping' });
    for (const each of pages) {
      const options = {
        ...scope,
        from: await stand(scope),
        fullSyncRunId: run.id,
        now: at(after + 1),
        askedAt: at(after),
      };
      await savePage(store.db, page({ whole: true, ...each }), options);
    }
    const lists = stream === 'contacts' ? 'contacts' : null;
    await finishPull(store.db, {
      ...scope,
      from: await stand(scope),
      now: at(after + 2),
      listsObject: lists,
      fullSyncRunId: run.id,
    });
    await closeRun(store.db, run.id, { state: 'done', error: null }, at(after + 3));
  }

  async function poll(after: number, changes: Partial<ChangePage>): Promise<void> {
    const options = { ...key, from: await stand(), fullSyncRunId: null, now: at(after), askedAt: at(after) };
    await savePage(store.db, page(changes), options);
  }

  async function ledger(): Promise<readonly string[]> {
    const rows = store.db.selectFrom('activities').select(['record_id', 'id', 'gone_at']).orderBy('id');
    return (await rows.execute()).map((row) => `${row.record_id}/${row.id}${row.gone_at ? ' gone' : ''}`);
  }

  async function quiet(): Promise<void> {
    await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
    await store.db.updateTable('records').set({ dirty_at: null }).execute();
  }

  async function due(): Promise<readonly string[]> {
    const rows = store.db.selectFrom('leads').innerJoin('records', 'records.lead_id', 'leads.id').select('records.id');
    return (await rows.where('due_at', 'is not', null).orderBy('records.id').execute()).map(({ id }) => id);
  }

  test('keep a page and its cursor together: of a page that cannot be kept, nothing is', async () => {
    await wholePass(0, [{ leads: [snapshot('a')], cursor: { page: 1 } }]);
    const before = await streamState(store.db, key);
    const broken = activity('b', 'broken', { at: Number.NaN });
    const bad = { leads: [snapshot('b')], dirty: [{ ref: ref('a') }], activities: [activity('a', '1'), broken] };
    await expect(poll(60, { ...bad, cursor: { page: 2 } })).rejects.toThrow(/time/i);
    expect(await streamState(store.db, key)).toEqual(before);
    expect(await ledger()).toEqual([]);
    const records = await store.db.selectFrom('records').select(['id', 'dirty_at']).execute();
    expect(records).toEqual([{ id: 'a', dirty_at: null }]);
  });

  test('merge what they show twice by its id, also within a page: the later one counts', async () => {
    await wholePass(0, [{}]);
    const later = activity('a', '1', { attributes: { path: '/demo' } });
    await poll(60, { activities: [activity('a', '1'), later] });
    await poll(120, { activities: [later] });
    const rows = await store.db.selectFrom('activities').select(['id', 'attributes', 'seen_at']).execute();
    expect(rows).toEqual([{ id: '1', attributes: { path: '/demo' }, seen_at: at(60) }]);
  });

  test('make a lead due for an activity that is new or has changed, and for no other', async () => {
    await wholePass(0, [{ activities: [activity('a', '1'), activity('b', '2')] }]);
    expect(await due()).toEqual(['a', 'b']);
    await quiet();
    await poll(60, { activities: [activity('a', '1'), activity('b', '2', { type: 'call' })] });
    expect(await due()).toEqual(['b']);
  });

  test('have a tombstone for what a whole pass no longer shows, and take it back when it is there again', async () => {
    await wholePass(0, [
      { activities: [activity('a', '1'), activity('a', '2')] },
      { activities: [activity('b', '3')] },
    ]);
    await quiet();
    await wholePass(600, [{ activities: [activity('a', '1')] }, { activities: [activity('b', '3')] }]);
    expect(await ledger()).toEqual(['a/1', 'a/2 gone', 'b/3']);
    expect(await due()).toEqual(['a']);
    await quiet();
    await poll(900, { activities: [activity('a', '2')] });
    expect(await ledger()).toEqual(['a/1', 'a/2', 'b/3']);
    expect(await due()).toEqual(['a']);
  });

  test('leave alone what came while the pass was under way, and what other streams show', async () => {
    await wholePass(0, [{ activities: [activity('a', 'meeting:1', { type: 'meeting' })] }], 'meetings');
    const run = await openRun(store.db, { job: 'backfill', slot: null, state: 'running' }, at(100));
    if (!run) throw new Error('the run was to be opened');
    await startFullSync(store.db, key, { run: run.id, mappingHash: 'mapping' });
    await saveLinkFindings(
      store.db,
      {
        dirty: [],
        gone: [],
        outcomes: [],
        goneOutcomes: [],
        activities: [{ ...activity('a', 'view:1'), stream: key.stream }],
      },
      { crm: CRM, now: at(150) },
    );
    await finishPull(store.db, { ...key, from: await stand(), now: at(200), listsObject: null, fullSyncRunId: run.id });
    expect(await ledger()).toEqual(['a/meeting:1', 'a/view:1']);
  });

  test('tell what is gone without a whole pass, too', async () => {
    await wholePass(0, [{ activities: [activity('a', '1')] }]);
    await quiet();
    await poll(60, { gone: [{ ref: ref('a'), activityId: '1' }] });
    await poll(120, { gone: [{ ref: ref('a'), activityId: '1' }] });
    expect(await ledger()).toEqual(['a/1 gone']);
    const { gone_at } = await store.db.selectFrom('activities').select('gone_at').executeTakeFirstOrThrow();
    expect(gone_at).toEqual(at(60));
    expect(await due()).toEqual(['a']);
  });

  test('have a record read again that a whole pass of contacts did not list', async () => {
    await wholePass(0, [{ leads: [snapshot('a'), snapshot('b')] }], 'contacts');
    await wholePass(600, [{ leads: [snapshot('a')] }], 'contacts');
    const dirty = store.db.selectFrom('records').select('id').where('dirty_at', 'is not', null);
    expect(await dirty.execute()).toEqual([{ id: 'b' }]);
  });

  describe('that somebody else has moved since they were asked for', () => {
    async function followed(cursor: object): Promise<StreamPosition> {
      await wholePass(0, [{ cursor: { ...cursor } }]);
      return stand();
    }
    const shown = { activities: [activity('a', 'late')], cursor: { page: 2 } };
    const take = (from: StreamPosition, now: Date) =>
      savePage(store.db, page(shown), { ...key, from, fullSyncRunId: null, now, askedAt: now });

    test('are left to a whole pass that has begun: neither a page nor the end of that pull counts', async () => {
      const from = await followed({ page: 1 });
      const run = await openRun(store.db, { job: 'backfill', slot: null, state: 'running' }, at(60));
      await startFullSync(store.db, key, { run: run!.id, mappingHash: 'mapping' });
      expect(await take(from, at(61))).toBe(false);
      expect(await finishPull(store.db, { ...key, from, now: at(62), listsObject: null, fullSyncRunId: null })).toBe(
        false,
      );
      expect(await streamState(store.db, key)).toMatchObject({ cursor: null, fullSyncRunId: run!.id, passing: true });
      expect(await ledger()).toEqual([]);
    });

    test('are not put back by a pull that is slower', async () => {
      const from = await followed({ page: 1, seen: ['x'], until: 0 });
      expect(await take(from, at(60))).toBe(true);
      expect(await take(from, at(61))).toBe(false);
      expect(await finishPull(store.db, { ...key, from, now: at(62), listsObject: null, fullSyncRunId: null })).toBe(
        false,
      );
      const after = { ...from, cursor: shown.cursor };
      expect(
        await finishPull(store.db, { ...key, from: after, now: at(63), listsObject: null, fullSyncRunId: null }),
      ).toBe(true);
      expect(await streamState(store.db, key)).toMatchObject({ cursor: { page: 2 }, completedAt: at(63) });
    });

    test('stay closed when they were found closed meanwhile', async () => {
      const from = await followed({ page: 1 });
      const unavailable = { reason: 'Enterprise only', fix: null };
      await markStreamUnavailable(store.db, key, { unavailable, mappingHash: 'mapping', now: at(60) });
      expect(await take(from, at(61))).toBe(false);
      expect(await streamState(store.db, key)).toMatchObject({ cursor: null, unavailable: 'Enterprise only' });
    });
  });

  describe('before the first pull is over, nobody is scored: it is', () => {
    const streams = [key, { crm: CRM, stream: 'contacts' }];

    test('not over while a stream was never read to its end', async () => {
      expect(await areStreamsComplete(store.db, streams)).toBe(false);
      await wholePass(0, [{}]);
      expect(await areStreamsComplete(store.db, streams)).toBe(false);
      await startFullSync(store.db, { crm: CRM, stream: 'contacts' }, { run: 2, mappingHash: 'mapping' });
      expect(await areStreamsComplete(store.db, streams)).toBe(false);
    });

    test('over when each was read, or may not be', async () => {
      await wholePass(0, [{}], 'contacts');
      await startFullSync(store.db, key, { run: 2, mappingHash: 'mapping' });
      const unavailable = { reason: 'Enterprise only', fix: null };
      await markStreamUnavailable(store.db, key, { unavailable, mappingHash: 'mapping', now: at(60) });
      expect(await areStreamsComplete(store.db, streams)).toBe(true);
    });

    test('still over when a later pass is under way', async () => {
      await wholePass(0, [{}]);
      await startFullSync(store.db, key, { run: 2, mappingHash: 'another mapping' });
      expect(await areStreamsComplete(store.db, [key])).toBe(true);
    });
  });
});
