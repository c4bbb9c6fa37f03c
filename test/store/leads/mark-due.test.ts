import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { markDue, markDueByDecay, markDueByInputs } from '../../../src/store/leads/mark-due.ts';
import { at, freshStore, STORES } from '../fresh-store.ts';

describe.each(STORES)('leads ($name)', (setup) => {
  const store = freshStore(setup);

  /** So many leads whose score changes by itself `after` seconds from noon. */
  async function leads(count: number, after: number | null, basis: string | null = 'old'): Promise<void> {
    const next = after === null ? null : at(after);
    await sql`
      insert into leadgrade.leads (created_at, next_change_at, scoring_inputs_hash)
      select ${at()}, ${next}::timestamptz, ${basis} from generate_series(1, ${count}::integer)`.execute(store.db);
  }

  async function due(): Promise<Readonly<Record<string, number>>> {
    const rows = await store.db
      .selectFrom('leads')
      .select(({ fn }) => ['due_reason', fn.countAll<number>().as('count')])
      .where('due_at', 'is not', null)
      .groupBy('due_reason')
      .execute();
    return Object.fromEntries(rows.map(({ due_reason, count }) => [due_reason ?? '', count]));
  }

  test('by the ten thousand are marked when their score has faded, each once', async () => {
    await leads(12_000, -1);
    await leads(300, 3_600);
    await leads(300, null);
    expect(await markDueByDecay(store.db, at())).toBe(12_000);
    expect(await due()).toEqual({ decay: 12_000 });
    expect(await markDueByDecay(store.db, at())).toBe(0);
  });

  test('of exactly a chunk are all marked', async () => {
    await leads(5_000, 0);
    expect(await markDueByDecay(store.db, at())).toBe(5_000);
  });

  test('by the ten thousand are marked when the model is another; those never scored are not outdated', async () => {
    await leads(11_000, null, 'old');
    await leads(200, null, 'new');
    await leads(200, null, null);
    expect(await markDueByInputs(store.db, 'new', at())).toBe(11_000);
    expect(await due()).toEqual({ model: 11_000 });
    expect(await markDueByInputs(store.db, 'new', at())).toBe(0);
  });

  test('that are due keep their place and their first cause', async () => {
    await leads(2, -1);
    await markDue(store.db, [1, 1], 'activity', at(5));
    await markDue(store.db, [1, 2], 'changed', at(9));
    expect(await markDueByDecay(store.db, at(20))).toBe(0);
    const rows = await store.db.selectFrom('leads').select(['id', 'due_at', 'due_reason']).orderBy('id').execute();
    expect(rows).toEqual([
      { id: 1, due_at: at(5), due_reason: 'activity' },
      { id: 2, due_at: at(9), due_reason: 'changed' },
    ]);
  });

  describe('that rest, as their records changed too often,', () => {
    async function marked(cause: string): Promise<object> {
      await leads(1, null);
      await store.db
        .updateTable('leads')
        .set({ due_at: at(3_600), due_reason: 'changed' })
        .execute();
      await markDue(store.db, [1], cause, at(10));
      return store.db.selectFrom('leads').select(['due_at', 'due_reason']).executeTakeFirstOrThrow();
    }

    test('go on resting at a further change', async () => {
      expect(await marked('changed')).toEqual({ due_at: at(3_600), due_reason: 'changed' });
    });

    test('are scored for what they do, which a poll may tell', async () => {
      expect(await marked('activity')).toEqual({ due_at: at(10), due_reason: 'activity' });
    });
  });

  test('that are due as changed are due for what they do, if that comes before they are scored', async () => {
    await leads(1, null);
    await markDue(store.db, [1], 'changed', at(5));
    await markDue(store.db, [1], 'activity', at(9));
    const rows = await store.db.selectFrom('leads').select(['due_at', 'due_reason']).execute();
    expect(rows).toEqual([{ due_at: at(5), due_reason: 'activity' }]);
  });
});
