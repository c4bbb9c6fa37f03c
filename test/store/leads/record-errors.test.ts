import { describe, expect, test } from 'vitest';
import {
  clearErrors,
  countErrors,
  listErrors,
  type RecordProblem,
  recordErrors,
  retryErrors,
} from '../../../src/store/leads/record-errors.ts';
import { saveSnapshots } from '../../../src/store/records/save-snapshots.ts';
import { markGoneOrMerged } from '../../../src/store/records/tombstones.ts';
import { at, CRM, freshStore, ref, STORES, snapshot } from '../fresh-store.ts';

describe.each(STORES)('the list of errors ($name)', (setup) => {
  const store = freshStore(setup);

  function refused(id: string, changes: Partial<RecordProblem> = {}): RecordProblem {
    return { ref: ref(id), stage: 'write', field: '', code: 'REFUSED', message: 'No.', fix: 'Ask.', ...changes };
  }

  async function read(ids: readonly string[], problems: readonly { field: string; message: string }[] = []) {
    const snapshots = ids.map((id) => snapshot(id, { problems }));
    const options = { crm: CRM, now: at(), askedAt: at() };
    await store.db.transaction().execute((tx) => saveSnapshots(tx, snapshots, options));
  }

  test('has one entry a place, which counts how often and keeps when it was first', async () => {
    await recordErrors(store.db, CRM, [refused('a')], at(0));
    await recordErrors(
      store.db,
      CRM,
      [refused('a', { code: 'LOCKED' }), refused('a', { stage: 'read', field: 'x' })],
      at(60),
    );
    const [first, second, ...others] = await listErrors(store.db, { after: 0, limit: 10 });
    expect(others).toEqual([]);
    expect(first).toMatchObject({ record_id: 'a', code: 'LOCKED', times: 2, first_at: at(0), last_at: at(60) });
    expect(second).toMatchObject({ stage: 'read', field: 'x', times: 1 });
  });

  test('is read in pages, each entry once, also while entries come and go', async () => {
    await recordErrors(
      store.db,
      CRM,
      Array.from({ length: 25 }, (_, n) => refused(`c${n}`)),
      at(),
    );
    expect(await countErrors(store.db, [CRM])).toBe(25);
    const seen: string[] = [];
    let after = 0;
    for (;;) {
      const page = await listErrors(store.db, { after, limit: 10 });
      seen.push(...page.map(({ record_id }) => record_id));
      if (page.length < 10) break;
      after = page.at(-1)?.id ?? 0;
      await clearErrors(store.db, CRM, 'write', [ref(seen[0] ?? '')]);
    }
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
  });

  test('forgets what went well at a stage, and nothing else', async () => {
    await recordErrors(store.db, CRM, [refused('a'), refused('b'), refused('a', { stage: 'read', field: 'x' })], at());
    await clearErrors(store.db, CRM, 'write', [ref('a')]);
    const left = await listErrors(store.db, { after: 0, limit: 10 });
    expect(left.map(({ record_id, stage: environment }) => `${record_id} ${environment}`).toSorted()).toEqual([
      'a read',
      'b write',
    ]);
  });

  test('holds what the last read found wrong, not what one before it did', async () => {
    await read(['a', 'b'], [{ field: 'contact.country', message: 'expected a country' }]);
    await read(['a'], [{ field: 'company.employees', message: 'expected a number' }]);
    const left = await listErrors(store.db, { after: 0, limit: 10 });
    expect(left.map(({ record_id, field }) => `${record_id} ${field}`).toSorted()).toEqual([
      'a company.employees',
      'b contact.country',
    ]);
    await read(['a', 'b']);
    expect(await countErrors(store.db, [CRM])).toBe(0);
  });

  test('a retry has each record read, scored and written again, once; one that is gone is left alone', async () => {
    await read(['a', 'b', 'c']);
    await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
    await store.db.updateTable('records').set({ synced_result_id: 7 }).execute();
    await recordErrors(store.db, CRM, [refused('a'), refused('a', { stage: 'read', field: 'x' }), refused('c')], at());
    await store.db
      .transaction()
      .execute((tx) => markGoneOrMerged(tx, CRM, [{ ...ref('c'), into: null }], { now: at(1) }));
    await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
    expect(await retryErrors(store.db, at(60))).toBe(1);
    const records = store.db.selectFrom('records').select(['id', 'dirty_at', 'synced_result_id']).orderBy('id');
    expect(await records.execute()).toEqual([
      { id: 'a', dirty_at: at(60), synced_result_id: null },
      { id: 'b', dirty_at: null, synced_result_id: 7 },
      { id: 'c', dirty_at: null, synced_result_id: 7 },
    ]);
    const due = store.db.selectFrom('leads').select('due_reason').where('due_at', 'is not', null);
    expect(await due.execute()).toEqual([{ due_reason: 'retry' }]);
  });

  test('a retry has a lead scored now that rests as it changed too often', async () => {
    await read(['a']);
    await store.db
      .updateTable('leads')
      .set({ due_at: at(3_600), due_reason: 'changed' })
      .execute();
    await recordErrors(store.db, CRM, [refused('a', { stage: 'score' })], at());
    expect(await retryErrors(store.db, at(60))).toBe(1);
    const due = store.db.selectFrom('leads').select(['due_reason', 'due_at']);
    expect(await due.execute()).toEqual([{ due_reason: 'retry', due_at: at(60) }]);
  });
});
