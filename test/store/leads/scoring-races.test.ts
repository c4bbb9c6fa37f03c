import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { tombstoneActivities } from '../../../src/store/activities/activities.ts';
import type { DueLead } from '../../../src/store/leads/due-leads.ts';
import { scoreDueLeads } from '../../../src/store/leads/score-due-leads.ts';
import type { ScoredLead } from '../../../src/store/leads/scored-lead.ts';
import { lockScoring, markDueByInputs } from '../../../src/store/models/scoring-config.ts';
import { claimOutbox, markWritten } from '../../../src/store/outbox/outbox.ts';
import { describeOnPostgres, POSTGRES } from '../../support/backends.ts';
import {
  activity,
  allMatched,
  at,
  CRM,
  freshStore,
  inLocked,
  NO_ACTIVITIES,
  ref,
  saveListed,
  saveRead,
  snapshot,
} from '../fresh-store.ts';
import { newResult } from '../new-result.ts';

// On the embedded database, transactions run one after another, so there is no race.
describeOnPostgres('while a lead is being scored (postgres)', () => {
  const setup = POSTGRES;
  const store = freshStore(setup);
  const later = { now: at(5) };

  async function insertLead(): Promise<void> {
    await saveRead(store, [snapshot('a')]);
    await saveListed(store, [activity('a', 'old'), activity('a', 'other')], later);
    await allMatched(store);
    await insertModel();
  }

  async function insertModel(): Promise<void> {
    await store.db
      .insertInto('models')
      .values({ hash: 'm', name: 'model', text: '', since: at(), last_used_at: at() })
      .execute();
  }

  function score(decide: 'write' | 'in_sync', status: string): (leads: readonly DueLead[]) => readonly ScoredLead[] {
    return (leads) =>
      leads.map((lead) => ({
        leadId: lead.id,
        result: newResult(lead.cause, status),
        unscored: false,
        nextChangeAt: null,
        records: lead.records.map(({ crm, object, id }) => {
          const key = { crm, object, id };
          return decide === 'in_sync' ? { ...key, kind: 'in_sync' } : { ...key, kind: 'write', patch: { status } };
        }),
      }));
  }

  const CHUNK = {
    limit: 10,
    now: at(10),
    inputsHash: 'inputs',
    modelHash: 'm',
    crms: [CRM],
    maxPerHour: 60,
    ...NO_ACTIVITIES,
  };
  const scoreAll = (decide: 'write' | 'in_sync', status: string) =>
    scoreDueLeads(store.db, CHUNK, score(decide, status));

  /** Number of sessions of this database that wait for a lock. */
  async function waiting(): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select count(distinct pid) from pg_locks where not granted
        and pid in (select pid from pg_stat_activity where datname = current_database())`.execute(store.db);
    return Number(rows[0]?.count);
  }

  async function untilWaiting(sessions: number): Promise<void> {
    while ((await waiting()) < sessions) await sleep(10);
  }

  /** Runs `work` while no result can be saved; resolves when so many sessions wait. */
  async function withoutSaving<T>(work: () => Promise<T>, sessions: number): Promise<T> {
    const started = await store.db.transaction().execute(async (tx) => {
      await sql`lock table leadgrade.results in share mode`.execute(tx);
      const working = work();
      await untilWaiting(sessions);
      return { working };
    });
    return started.working;
  }

  test('two workers score the most urgent leads beside each other, none twice, and wait for no lead', async () => {
    await saveRead(
      store,
      ['a', 'b', 'c', 'd', 'e'].map((id) => snapshot(id)),
    );
    await allMatched(store);
    const ids = await store.db.selectFrom('leads').select('id').orderBy('id').execute();
    for (const [index, { id }] of ids.entries())
      await store.db
        .updateTable('leads')
        .set({ due_at: at(5 - index) })
        .where('id', '=', id)
        .execute();
    await insertModel();
    const chunks: number[][] = [];
    const scoreTwo = () =>
      scoreDueLeads(store.db, { ...CHUNK, limit: 2 }, (leads) => {
        chunks.push(leads.map(({ id }) => id));
        return score('write', 'hot')(leads);
      });
    // Both have locked their leads before either saves a result.
    await withoutSaving(() => Promise.all([scoreTwo(), scoreTwo()]), 2);
    const byUrgency = ids.map(({ id }) => id).toReversed();
    expect(chunks.toSorted(([a = 0], [b = 0]) => b - a)).toEqual([byUrgency.slice(0, 2), byUrgency.slice(2, 4)]);
    const results = await store.db.selectFrom('results').select('lead_id').execute();
    expect(results.map(({ lead_id }) => lead_id).toSorted()).toEqual(byUrgency.slice(0, 4).toSorted());
  });

  test('a change of thresholds waits for the chunk that is scored with the former ones', async () => {
    await insertLead();
    await markDueByInputs(store.db, 'inputs', at(), { modelHash: 'model' });
    // What the change finds: the two answers of the server can reach this process in either order.
    const found: unknown[] = [];
    const changeThresholds = () =>
      store.db.transaction().execute(async (tx) => {
        await lockScoring(tx);
        found.push(...(await tx.selectFrom('results').select('status').execute()));
      });
    await withoutSaving(() => {
      const scoring = scoreAll('write', 'hot');
      const changing = untilWaiting(1).then(changeThresholds);
      return Promise.all([scoring, changing]);
    }, 2);
    expect(found).toEqual([{ status: 'hot' }]);
  });

  /** Runs `change` after the scoring has read the lead, and before it saves the result. */
  async function meanwhile(scoring: () => Promise<unknown>, change: () => Promise<unknown>): Promise<void> {
    const started = await store.db.transaction().execute(async (tx) => {
      await sql`lock table leadgrade.results in share mode`.execute(tx);
      const scored = scoring();
      await untilWaiting(1);
      let hasEnded = false;
      const changed = change().finally(() => {
        hasEnded = true;
      });
      while (!hasEnded && (await waiting()) < 2) await sleep(10);
      return { both: Promise.all([scored, changed]) };
    });
    await started.both;
  }

  async function isDue(): Promise<boolean> {
    return (await store.db.selectFrom('leads').select('due_at').executeTakeFirstOrThrow()).due_at !== null;
  }

  test.each([
    ['a changed field', () => saveRead(store, [snapshot('a', { fields: {} })])],
    ['a new activity', () => saveListed(store, [activity('a', 'new')], later)],
    ['a corrected activity', () => saveListed(store, [activity('a', 'old', { attributes: { path: '/' } })], later)],
    [
      'a removed activity',
      () =>
        inLocked(store, [ref('a')], (locked) =>
          tombstoneActivities(locked, CRM, [{ ref: ref('a'), activityId: 'old' }], at(5)),
        ),
    ],
  ])('%s makes the lead due again', async (_what, change) => {
    await insertLead();
    await meanwhile(() => scoreAll('write', 'hot'), change);
    expect(await isDue()).toBe(true);
    await scoreAll('write', 'hot');
    expect(await isDue()).toBe(false);
  });

  test('a confirmed write of an older result makes the lead due again', async () => {
    await insertLead();
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
    // The newer result equals the values that the CRM had before that write.
    const written = rows.map((row) => ({ ...row, modifiedAt: null }));
    await meanwhile(
      () => scoreAll('in_sync', 'cold'),
      () => inLocked(store, rows, (locked) => markWritten(locked, CRM, written, at(5))),
    );
    expect(await isDue()).toBe(true);
  });
});
