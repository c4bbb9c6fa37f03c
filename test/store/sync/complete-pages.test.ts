import { describe, expect, test } from 'vitest';
import type { ChangePage, SourcedDealOutcome } from '../../../src/domain/crm-changes.ts';
import { savePage } from '../../../src/store/sync/save-page.ts';
import { markStreamAvailable } from '../../../src/store/sync/stream-availability.ts';
import { streamState } from '../../../src/store/sync/streams.ts';
import { BACKEND } from '../../support/backends.ts';
import { activity, at, CRM, freshStore, ref } from '../fresh-store.ts';

describe(`a page that lists an item with all its records (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);

  async function poll(after: number, changes: Partial<ChangePage>): Promise<void> {
    const empty = { leads: [], dirty: [], activities: [], gone: [], outcomes: [], cursor: {}, isFullSync: false };
    const key = { crm: CRM, stream: 'tasks' };
    await markStreamAvailable(store.db, key, at(after));
    const from = (await streamState(store.db, key))!;
    const options = { ...key, from, fullSyncRunId: null, now: at(after), askedAt: at(after) };
    await savePage(store.db, { ...empty, ...changes }, options);
  }

  async function stored(table: 'activities' | 'deal_outcomes'): Promise<readonly string[]> {
    const rows = store.db.selectFrom(table).select(['record_id', 'id', 'gone_at']).orderBy('record_id').orderBy('id');
    return (await rows.execute()).map((row) => `${row.record_id}/${row.id}${row.gone_at ? ' gone' : ''}`);
  }

  async function due(): Promise<readonly string[]> {
    const rows = store.db.selectFrom('leads').innerJoin('records', 'records.lead_id', 'leads.id').select('records.id');
    return (await rows.where('due_at', 'is not', null).orderBy('records.id').execute()).map(({ id }) => id);
  }

  function deal(record: string): SourcedDealOutcome {
    const unknown = { pipeline: null, stage: null, amount: null, currency: null, createdAt: null, closedAt: null };
    return { ref: ref(record), id: 'deal:1', source: 'deals', state: 'open', ...unknown, stages: [] };
  }

  test('removes a task from the record that it was moved away from, and leaves the other tasks', async () => {
    await poll(0, { activities: [activity('a', 'task:1'), activity('a', 'task:2'), activity('b', 'task:2')] });
    await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
    await poll(60, { activities: [activity('c', 'task:1')], complete: { activities: ['task:1'], outcomes: [] } });
    expect(await stored('activities')).toEqual(['a/task:1 gone', 'a/task:2', 'b/task:2', 'c/task:1']);
    expect(await due()).toEqual(['a', 'c']);
  });

  test('removes a task without records from all records, and restores it when it returns', async () => {
    await poll(0, { activities: [activity('a', 'task:1'), activity('b', 'task:1')] });
    await poll(60, { complete: { activities: ['task:1'], outcomes: [] } });
    expect(await stored('activities')).toEqual(['a/task:1 gone', 'b/task:1 gone']);
    await poll(120, { activities: [activity('b', 'task:1')], complete: { activities: ['task:1'], outcomes: [] } });
    expect(await stored('activities')).toEqual(['a/task:1 gone', 'b/task:1']);
  });

  test('removes an opportunity from the contact that has no role in it any more', async () => {
    await poll(0, { outcomes: [deal('a'), deal('b')] });
    await poll(60, { outcomes: [deal('b')], complete: { activities: [], outcomes: ['deal:1'] } });
    expect(await stored('deal_outcomes')).toEqual(['a/deal:1 gone', 'b/deal:1']);
  });
});
