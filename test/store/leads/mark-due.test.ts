import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { withLockedLeadIds } from '../../../src/store/leads/lock-leads.ts';
import { markDue, markDueByDecay, nextDueAt } from '../../../src/store/leads/mark-due.ts';
import { markDueByInputs } from '../../../src/store/models/scoring-config.ts';
import { hasDue } from '../../../src/store/sync/remaining-work.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, freshStore } from '../fresh-store.ts';

describe(`due leads (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);

  /** Inserts leads whose score changes without new activity `after` seconds from noon. */
  async function leads(count: number, after: number | null, inputsHash: string | null = 'old'): Promise<void> {
    const next = after === null ? null : at(after);
    await sql`
      insert into leadgrade.leads (created_at, next_change_at, scoring_inputs_hash)
      select ${at()}, ${next}::timestamptz, ${inputsHash} from generate_series(1, ${count}::integer)`.execute(store.db);
  }

  const mark = (ids: readonly number[], reason: string, now: Date) =>
    store.db.transaction().execute((tx) => withLockedLeadIds(tx, ids, (locked) => markDue(locked, ids, reason, now)));

  async function due(): Promise<Readonly<Record<string, number>>> {
    const rows = await store.db
      .selectFrom('leads')
      .select(({ fn }) => ['due_reason', fn.countAll<number>().as('count')])
      .where('due_at', 'is not', null)
      .groupBy('due_reason')
      .execute();
    return Object.fromEntries(rows.map(({ due_reason, count }) => [due_reason ?? '', count]));
  }

  test('12,000 leads whose score has decayed are marked as due once; the other leads are not', async () => {
    await leads(12_000, -1);
    await leads(300, 3_600);
    await leads(300, null);
    expect(await markDueByDecay(store.db, at())).toBe(12_000);
    expect(await due()).toEqual({ decay: 12_000 });
    expect(await markDueByDecay(store.db, at())).toBe(0);
  });

  test('5,000 decayed leads, exactly one chunk, are all marked as due', async () => {
    await leads(5_000, 0);
    expect(await markDueByDecay(store.db, at())).toBe(5_000);
  });

  test('11,000 leads that were scored with another model are marked as due once; leads without a score are not', async () => {
    await leads(11_000, null, 'old');
    await leads(200, null, 'new');
    await leads(200, null, null);
    expect(await markDueByInputs(store.db, 'new', at(), { modelHash: 'model' })).toBe(11_000);
    expect(await due()).toEqual({ model: 11_000 });
    expect(await markDueByInputs(store.db, 'new', at(), { modelHash: 'model' })).toBe(0);
  });

  test('leads are compared with the inputs again only after the inputs changed, or the marking was interrupted', async () => {
    await leads(3, null, 'old');
    expect(await markDueByInputs(store.db, 'old', at(), { modelHash: 'model' })).toBe(0);
    // As if it was scored by a process that the marking did not wait for.
    await store.db.updateTable('leads').set({ scoring_inputs_hash: 'older' }).where('id', '=', 1).execute();
    expect(await markDueByInputs(store.db, 'old', at(), { modelHash: 'model' })).toBe(0);
    await store.db.updateTable('scoring_config').set({ all_marked: false }).execute();
    expect(await markDueByInputs(store.db, 'old', at(), { modelHash: 'model' })).toBe(1);
    expect(await markDueByInputs(store.db, 'new', at(), { modelHash: 'model' })).toBe(2);
  });

  test('the next due instant is the earliest of all priorities', async () => {
    expect(await nextDueAt(store.db)).toBeNull();
    await leads(3, null);
    await mark([2], 'changed', at(9));
    await store.db
      .updateTable('leads')
      .set({ due_at: at(5), priority: 2 })
      .where('id', '=', 1)
      .execute();
    expect(await nextDueAt(store.db)).toEqual(at(5));
    expect(await hasDue(store.db, at(4))).toBe(false);
    expect(await hasDue(store.db, at(5))).toBe(true);
  });

  test('a lead that is due keeps its due instant and its first reason', async () => {
    await leads(2, -1);
    await mark([1, 1], 'activity', at(5));
    await mark([1, 2], 'changed', at(9));
    expect(await markDueByDecay(store.db, at(20))).toBe(0);
    const rows = await store.db.selectFrom('leads').select(['id', 'due_at', 'due_reason']).orderBy('id').execute();
    expect(rows).toEqual([
      { id: 1, due_at: at(5), due_reason: 'activity' },
      { id: 2, due_at: at(9), due_reason: 'changed' },
    ]);
  });

  describe('a lead that is throttled after too many changes', () => {
    async function marked(reason: string): Promise<object> {
      await leads(1, null);
      await store.db
        .updateTable('leads')
        .set({ due_at: at(3_600), due_reason: 'changed' })
        .execute();
      await mark([1], reason, at(10));
      return store.db.selectFrom('leads').select(['due_at', 'due_reason']).executeTakeFirstOrThrow();
    }

    test('stays throttled at a further change', async () => {
      expect(await marked('changed')).toEqual({ due_at: at(3_600), due_reason: 'changed' });
    });

    test('is due at once for a new activity', async () => {
      expect(await marked('activity')).toEqual({ due_at: at(10), due_reason: 'activity' });
    });
  });

  test('a lead that is due for a change is due for an activity that arrives before it is scored', async () => {
    await leads(1, null);
    await mark([1], 'changed', at(5));
    await mark([1], 'activity', at(9));
    const rows = await store.db.selectFrom('leads').select(['due_at', 'due_reason']).execute();
    expect(rows).toEqual([{ due_at: at(5), due_reason: 'activity' }]);
  });
});
