import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import { describe, expect, test } from 'vitest';
import { saveActivities, tombstoneActivities } from '../../../src/store/activities/activities.ts';
import { type DueLead, type ScoredLead, scoreDueLeads } from '../../../src/store/leads/score-due-leads.ts';
import { claimOutbox, markWritten } from '../../../src/store/outbox/outbox.ts';
import { saveSnapshots } from '../../../src/store/records/save-snapshots.ts';
import type { Tables } from '../../../src/store/tables/tables.ts';
import { activity, allMatched, at, CRM, freshStore, ref, STORES, snapshot } from '../fresh-store.ts';

// On the embedded database transactions follow each other: there is nothing to race.
describe.each(STORES.filter(({ name }) => name !== 'embedded'))('while a lead is being scored ($name)', (setup) => {
  const store = freshStore(setup);
  const inOne = <T>(work: (tx: Transaction<Tables>) => Promise<T>) => store.db.transaction().execute(work);
  const read = { crm: CRM, now: at(), askedAt: at() };
  const stream = { crm: CRM, stream: 'page_views', now: at(5), fullSyncRunId: null };

  async function known(): Promise<void> {
    await inOne((tx) => saveSnapshots(tx, [snapshot('a')], read));
    await inOne((tx) => saveActivities(tx, [activity('a', 'old'), activity('a', 'other')], stream));
    await allMatched(store);
    await store.db.insertInto('models').values({ hash: 'm', name: 'model', text: '', since: at() }).execute();
  }

  function score(decide: 'write' | 'in_sync', status: string): (leads: readonly DueLead[]) => readonly ScoredLead[] {
    const scores = { grade: 'A' as const, coverage: 1, fit_score: 1, behavior_score: 1, total: 2, status };
    const rest = { previous_status: null, cell: null, thresholds: null, contributions: [], gates: [] };
    return (leads) =>
      leads.map((lead) => ({
        leadId: lead.id,
        result: { as_of: at().toISOString(), model_hash: 'm', cause: lead.cause, ...scores, ...rest },
        unscored: false,
        nextChangeAt: null,
        records: lead.records.map(({ crm, object, id }) => {
          const key = { crm, object, id };
          return decide === 'in_sync' ? { ...key, kind: 'in_sync' } : { ...key, kind: 'write', patch: { status } };
        }),
      }));
  }

  const scoreAll = (decide: 'write' | 'in_sync', status: string) =>
    scoreDueLeads(
      store.db,
      { limit: 10, now: at(10), inputsHash: 'basis', crms: [CRM], maxPerHour: 60 },
      score(decide, status),
    );

  /** Statements of this database that wait for somebody's lock. */
  async function waiting(): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select count(distinct pid) from pg_locks where not granted
        and pid in (select pid from pg_stat_activity where datname = current_database())`.execute(store.db);
    return Number(rows[0]?.count);
  }

  /** Does `change` between the moment when a scoring has read the lead and the one when it keeps the result. */
  async function meanwhile(scoring: () => Promise<unknown>, change: () => Promise<unknown>): Promise<void> {
    const started = await inOne(async (tx) => {
      await sql`lock table leadgrade.results in share mode`.execute(tx);
      const scored = scoring();
      while ((await waiting()) < 1) await sleep(10);
      let isOver = false;
      const changed = change().finally(() => {
        isOver = true;
      });
      while (!isOver && (await waiting()) < 2) await sleep(10);
      return { both: Promise.all([scored, changed]) };
    });
    await started.both;
  }

  async function isDue(): Promise<boolean> {
    return (await store.db.selectFrom('leads').select('due_at').executeTakeFirstOrThrow()).due_at !== null;
  }

  test.each([
    ['a field that changes', () => inOne((tx) => saveSnapshots(tx, [snapshot('a', { fields: {} })], read))],
    ['a new activity', () => inOne((tx) => saveActivities(tx, [activity('a', 'new')], stream))],
    [
      'an activity that is corrected',
      () => inOne((tx) => saveActivities(tx, [activity('a', 'old', { attributes: { path: '/' } })], stream)),
    ],
    [
      'an activity that is taken away',
      () => inOne((tx) => tombstoneActivities(tx, CRM, [{ ref: ref('a'), activityId: 'old' }], at(5))),
    ],
  ])('%s has it scored again', async (_what, change) => {
    await known();
    await meanwhile(() => scoreAll('write', 'hot'), change);
    expect(await isDue()).toBe(true);
    await scoreAll('write', 'hot');
    expect(await isDue()).toBe(false);
  });

  test('a write that reaches the CRM with an older result has it scored again', async () => {
    await known();
    await scoreAll('write', 'hot');
    const rows = await claimOutbox(store.db, {
      crm: CRM,
      object: 'contacts',
      by: 'w',
      limit: 10,
      now: at(),
      until: at(60),
    });
    await store.db.updateTable('leads').set({ due_at: at() }).execute();
    // The newer result says what the CRM held before that write.
    const written = rows.map((row) => ({ ...row, modifiedAt: null }));
    await meanwhile(
      () => scoreAll('in_sync', 'cold'),
      () => inOne((tx) => markWritten(tx, CRM, written, at(5))),
    );
    expect(await isDue()).toBe(true);
  });
});
