import { describe, expect, test } from 'vitest';
import {
  clearErrors,
  countErrors,
  listErrors,
  type RecordProblem,
  recordErrors,
  retryErrors,
} from '../../../src/store/leads/record-errors.ts';
import { markGoneOrMerged } from '../../../src/store/records/tombstones.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, CRM, freshStore, inLocked, ref, saveRead, snapshot } from '../fresh-store.ts';

describe(`record errors (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);

  function refused(id: string, changes: Partial<RecordProblem> = {}): RecordProblem {
    return { ref: ref(id), stage: 'write', field: '', code: 'REFUSED', message: 'No.', fix: 'Ask.', ...changes };
  }

  async function read(ids: readonly string[], problems: readonly { field: string; message: string }[] = []) {
    const snapshots = ids.map((id) => snapshot(id, { problems }));
    await saveRead(store, snapshots);
  }

  test('a repeated error is one row that counts its occurrences and keeps the first instant', async () => {
    await recordErrors(store.db, CRM, [refused('a')], at(0));
    await recordErrors(
      store.db,
      CRM,
      [refused('a', { code: 'LOCKED' }), refused('a', { stage: 'read', field: 'x' })],
      at(60),
    );
    const [first, second, ...rest] = await listErrors(store.db, { after: 0, limit: 10 });
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ record_id: 'a', code: 'LOCKED', occurrences: 2, first_at: at(0), last_at: at(60) });
    expect(second).toMatchObject({ stage: 'read', field: 'x', occurrences: 1 });
  });

  test('two links of a record to one object that cannot be read are one row, and the record is saved', async () => {
    const links = ['contact_to_company', 'contact_to_company'];
    await read(['a'], [...links.map((field) => ({ field, message: `${field} is not a link.` }))]);
    expect(await countErrors(store.db, [CRM])).toBe(1);
    const saved = await store.db.selectFrom('records').select('id').where('read_at', 'is not', null).execute();
    expect(saved).toEqual([{ id: 'a' }]);
  });

  test('paging lists each error once, even if errors are cleared in between', async () => {
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

  test('a step that succeeds clears the errors of that record and stage only', async () => {
    await recordErrors(store.db, CRM, [refused('a'), refused('b'), refused('a', { stage: 'read', field: 'x' })], at());
    await clearErrors(store.db, CRM, 'write', [ref('a')]);
    const remaining = await listErrors(store.db, { after: 0, limit: 10 });
    expect(remaining.map(({ record_id, stage }) => `${record_id} ${stage}`).toSorted()).toEqual(['a read', 'b write']);
  });

  test('the read errors of a record are those of its last read', async () => {
    await read(['a', 'b'], [{ field: 'contact.country', message: 'expected a country' }]);
    await read(['a'], [{ field: 'company.employees', message: 'expected a number' }]);
    const remaining = await listErrors(store.db, { after: 0, limit: 10 });
    expect(remaining.map(({ record_id, field }) => `${record_id} ${field}`).toSorted()).toEqual([
      'a company.employees',
      'b contact.country',
    ]);
    await read(['a', 'b']);
    expect(await countErrors(store.db, [CRM])).toBe(0);
  });

  test('a retry marks each record with errors to be read, scored and written once; a deleted record is left out', async () => {
    await read(['a', 'b', 'c']);
    await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
    await store.db.updateTable('records').set({ synced_result_id: 7 }).execute();
    await recordErrors(store.db, CRM, [refused('a'), refused('a', { stage: 'read', field: 'x' }), refused('c')], at());
    await inLocked(store, [ref('c')], (locked) =>
      markGoneOrMerged(locked, CRM, [{ ...ref('c'), into: null }], { now: at(1) }),
    );
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

  test('a retry makes a throttled lead due at once', async () => {
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
