import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { PRIORITY } from '../../../src/domain/priority.ts';
import type { ScoreFieldValues } from '../../../src/domain/score-fields.ts';
import type { DueLead } from '../../../src/store/leads/due-leads.ts';
import { scoreDueLeads } from '../../../src/store/leads/score-due-leads.ts';
import type { ScoredLead, WriteDecision } from '../../../src/store/leads/scored-lead.ts';
import { deleteBulkWrite, saveBulkWrite } from '../../../src/store/outbox/bulk-writes.ts';
import {
  analyzeBacklog,
  claimOutbox,
  countWritable,
  deleteFromOutbox,
  markWritten,
  type OutboxRow,
  releaseOutbox,
} from '../../../src/store/outbox/outbox.ts';
import { BACKEND } from '../../support/backends.ts';
import { allMatched, at, CRM, freshStore, inLocked, NO_ACTIVITIES, saveRead, snapshot } from '../fresh-store.ts';
import { newResult } from '../new-result.ts';

describe(`the outbox (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);

  /** Inserts due leads with one record each: a, b ... */
  async function insertLeads(...ids: readonly string[]): Promise<void> {
    await saveRead(
      store,
      ids.map((id) => snapshot(id)),
    );
    await allMatched(store);
  }

  /** Scores all leads with this status, like the score job. */
  async function score(
    status: string,
    decide: WriteDecision['kind'] = 'write',
    now = at(),
    changes: Readonly<Record<string, Partial<ScoredLead>>> = {},
  ): Promise<void> {
    await store.db.updateTable('leads').set({ due_at: now, due_reason: 'changed' }).execute();
    await store.db
      .insertInto('models')
      .values({ hash: 'm', name: 'model', text: '', since: now, last_used_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const chunk = {
      limit: 100,
      now,
      inputsHash: 'inputs',
      modelHash: 'm',
      crms: [CRM],
      maxPerHour: 60,
      ...NO_ACTIVITIES,
    };
    await scoreDueLeads(store.db, chunk, (leads) =>
      leads.map((lead) => ({ ...toScored(lead, status, decide), ...changes[lead.records[0]?.id ?? ''] })),
    );
  }

  function toScored(lead: DueLead, status: string, decide: WriteDecision['kind']): ScoredLead {
    const result = newResult(lead.cause, status);
    const records = lead.records.map(({ crm, object, id }): WriteDecision => {
      const key = { crm, object, id };
      return decide === 'write' ? { ...key, kind: decide, patch: { status } } : { ...key, kind: decide };
    });
    return { leadId: lead.id, result, unscored: false, nextChangeAt: null, records };
  }

  function claim(by = 'writer', now = at(1), limit = 10, which = {}): Promise<readonly OutboxRow[]> {
    return claimOutbox(store.db, {
      ...which,
      crm: CRM,
      object: 'contacts',
      by,
      limit,
      now,
      until: new Date(now.getTime() + 120_000),
    });
  }

  async function confirm(rows: readonly OutboxRow[], modifiedAt: string | null = null): Promise<void> {
    const written = rows.map((row) => ({ ...row, modifiedAt }));
    await inLocked(store, rows, (locked) => markWritten(locked, CRM, written, at(2)));
  }

  async function pending(): Promise<readonly { id: string; patch: ScoreFieldValues }[]> {
    return store.db.selectFrom('outbox').select(['record_id as id', 'patch']).orderBy('record_id').execute();
  }

  test('has one row for each record: a newer result replaces a pending one', async () => {
    await insertLeads('a');
    await score('cold');
    await score('hot');
    expect(await pending()).toEqual([{ id: 'a', patch: { status: 'hot' } }]);
    const [row] = await claim();
    const latest = await store.db.selectFrom('leads').select('result_id').executeTakeFirstOrThrow();
    expect(row?.result_id).toBe(latest.result_id);
  });

  test('gives out a lead that entered a better band first, and one that only decayed last', async () => {
    await insertLeads('a', 'b', 'c');
    await store.db.updateTable('leads').set({ priority: PRIORITY.decay }).execute();
    await score('cold', 'write', at(), { b: { rises: true } });
    await store.db.updateTable('outbox').set({ priority: PRIORITY.change }).where('record_id', '=', 'c').execute();
    const ids = async (limit: number) => (await claim('writer', at(1), limit)).map(({ id }) => id).toSorted();
    expect(await ids(1)).toEqual(['b']);
    expect(await ids(2)).toEqual(['b', 'c']);
    // A bulk job that has room for one row, too.
    const bulk = { crm: CRM, object: 'contacts', crmJobId: 'job', maxRows: 1, maxBytes: 1_000, now: at(1) };
    await saveBulkWrite(store.db, { ...bulk, nextCheckAt: at(2) });
    expect(await store.db.selectFrom('bulk_write_rows').select('record_id').execute()).toEqual([{ record_id: 'b' }]);
    await deleteBulkWrite(store.db, bulk);
  });

  test('keeps a newer result pending when the write of an older one is confirmed', async () => {
    await insertLeads('a', 'b');
    await score('cold');
    const claimed = await claim();
    await score('hot');
    await confirm(claimed);
    expect(await pending()).toEqual([
      { id: 'a', patch: { status: 'hot' } },
      { id: 'b', patch: { status: 'hot' } },
    ]);
    const record = store.db
      .selectFrom('records')
      .select(['crm_values', 'last_written_values', 'synced_result_id'])
      .where('id', '=', 'a');
    expect(await record.executeTakeFirstOrThrow()).toMatchObject({
      crm_values: { status: 'cold' },
      last_written_values: { status: 'cold' },
    });
    // The lease on the older rows has ended too.
    const again = await claim('another writer', at(2));
    expect(again.map(({ patch }) => patch)).toEqual([{ status: 'hot' }, { status: 'hot' }]);
    await confirm(again);
    expect(await pending()).toEqual([]);
  });

  test('keeps a newer result pending when the write of an older one is refused', async () => {
    await insertLeads('a');
    await score('cold');
    const claimed = await claim();
    await score('hot');
    await store.db.transaction().execute((tx) => deleteFromOutbox(tx, CRM, claimed));
    expect(await pending()).toEqual([{ id: 'a', patch: { status: 'hot' } }]);
  });

  test('drops a pending result if the new result equals the values in the CRM', async () => {
    await insertLeads('a');
    await score('cold');
    await score('hot', 'in_sync');
    expect(await pending()).toEqual([]);
    const { synced_result_id } = await store.db
      .selectFrom('records')
      .select('synced_result_id')
      .executeTakeFirstOrThrow();
    const { result_id } = await store.db.selectFrom('leads').select('result_id').executeTakeFirstOrThrow();
    expect(synced_result_id).toBe(result_id);
  });

  test('drops a pending result if a user edited the field and edits are respected', async () => {
    await insertLeads('a');
    await score('cold');
    await confirm(await claim());
    await score('hot');
    const edited = snapshot('a', { crmValues: { status: 'by hand' } });
    await saveRead(store, [edited], { now: at(9) });
    await score('hot', 'respected');
    expect(await pending()).toEqual([]);
    const record = store.db.selectFrom('records').select(['crm_values', 'last_written_values', 'synced_result_id']);
    expect(await record.executeTakeFirstOrThrow()).toEqual({
      crm_values: { status: 'by hand' },
      last_written_values: { status: 'cold' },
      synced_result_id: null,
    });
  });

  test('saves the written values and the modification time, which never moves back', async () => {
    await insertLeads('a');
    await score('hot');
    await confirm(await claim(), at(5).toISOString());
    await score('cold');
    await confirm(await claim(), at(3).toISOString());
    const record = await store.db.selectFrom('records').select(['crm_values', 'modified_at']).executeTakeFirstOrThrow();
    expect(record).toEqual({ crm_values: { status: 'cold' }, modified_at: at(5) });
  });

  describe('during a bulk write', () => {
    const bulk = {
      crm: CRM,
      object: 'contacts',
      crmJobId: 'job',
      maxRows: 2,
      maxBytes: 1_000_000,
      now: at(1),
      nextCheckAt: at(9),
    };
    const start = () => saveBulkWrite(store.db, bulk);
    const rowsInBulk = async () => {
      const rows = await store.db.selectFrom('bulk_write_rows').select('record_id').orderBy('record_id').execute();
      return rows.map(({ record_id }) => record_id);
    };

    test('its rows are counted only as far as the answer matters, however many wait', async () => {
      await insertLeads('a', 'b', 'c');
      await score('hot');
      expect(await countWritable(store.db, CRM, at(1), 2)).toEqual([
        { object: 'contacts', bulkEligible: 2, hasBulkWrite: false },
      ]);
      expect(await countWritable(store.db, 'other', at(1), 2)).toEqual([]);
    });

    test('only records outside of it can be claimed for writing', async () => {
      await insertLeads('a', 'b', 'c');
      await score('hot');
      expect(await countWritable(store.db, CRM, at(1), 1_000)).toEqual([
        { object: 'contacts', bulkEligible: 3, hasBulkWrite: false },
      ]);
      expect(await start()).toBe(2);
      expect(await countWritable(store.db, CRM, at(1), 1_000)).toEqual([
        { object: 'contacts', bulkEligible: 1, hasBulkWrite: true },
      ]);
      const ids = (await claim()).map(({ id }) => id);
      expect([...(await rowsInBulk()), ...ids].toSorted()).toEqual(['a', 'b', 'c']);
      // A newer result of such a record does not change that.
      await score('cold');
      expect((await claim()).map(({ id }) => id)).toEqual(ids);
      await deleteBulkWrite(store.db, bulk);
      expect(await claim()).toHaveLength(3);
    });

    test('a lead with a new activity is not part of it and can be claimed meanwhile', async () => {
      await insertLeads('a', 'b', 'c', 'd');
      await score('hot');
      await store.db.updateTable('outbox').set({ priority: 0 }).where('record_id', '=', 'a').execute();
      expect(await start()).toBe(2);
      expect(await rowsInBulk()).not.toContain('a');
      expect((await claim('writer', at(1), 10, { urgentOnly: true })).map(({ id }) => id)).toEqual(['a']);
    });
  });

  test('a backlog without statistics is analyzed, so that a claim does not sort all of it', async () => {
    await insertLeads('a');
    await score('cold');
    await analyzeBacklog(store.db);
    const { rows } = await sql`select from pg_stats where schemaname = 'leadgrade' and tablename = 'outbox'`.execute(
      store.db,
    );
    expect(rows.length).toBeGreaterThan(0);
  });

  describe('a claim of outbox rows', () => {
    test('leaves out the records that the same worker writes at the moment, and returns them afterwards', async () => {
      await insertLeads('a', 'b', 'c');
      await score('cold');
      const first = await claim('one', at(1), 2);
      const inFlight = first.map(({ id }) => id);
      const [other, ...more] = await claim('one', at(2), 10, { inFlight });
      expect([[...inFlight, other?.id].toSorted(), more]).toEqual([['a', 'b', 'c'], []]);
      expect(await claim('one', at(3))).toHaveLength(3);
    });

    test('excludes other workers until the lease ends, and is granted again to the same worker', async () => {
      await insertLeads('a', 'b', 'c');
      await score('hot');
      expect(await claim('one', at(1), 1)).toHaveLength(1);
      expect(await claim('two', at(2))).toHaveLength(2);
      expect(await claim('one', at(3))).toHaveLength(1);
      expect(await claim('three', at(4))).toHaveLength(0);
      expect(await claim('three', at(200))).toHaveLength(3);
    });

    test('that is released is free at once, or at the instant of the next attempt', async () => {
      await insertLeads('a', 'b');
      await score('hot');
      const [first, second] = await claim();
      if (!first || !second) throw new Error('two rows were not claimed');
      await releaseOutbox(store.db, CRM, [first], null);
      await releaseOutbox(store.db, CRM, [second], at(60));
      expect(await claim('another', at(2))).toMatchObject([{ id: first.id, attempts: 0 }]);
      await releaseOutbox(store.db, CRM, [first], null);
      const later = await claim('another', at(61));
      expect(later.map(({ id, attempts }) => ({ id, attempts })).toSorted((a, b) => a.attempts - b.attempts)).toEqual([
        { id: first.id, attempts: 0 },
        { id: second.id, attempts: 1 },
      ]);
    });

    test('that waits for its next attempt is free at once when a newer result replaces the row', async () => {
      await insertLeads('a');
      await score('cold');
      await releaseOutbox(store.db, CRM, await claim(), at(600));
      expect(await claim('another', at(2))).toEqual([]);
      await score('hot');
      expect(await claim('another', at(3))).toMatchObject([{ id: 'a', attempts: 0, patch: { status: 'hot' } }]);
    });
  });

  test('three workers score leads in chunks, and never the same lead', async () => {
    const ids = Array.from({ length: 30 }, (_, number) => `c${number}`);
    await insertLeads(...ids);
    await store.db
      .insertInto('models')
      .values({ hash: 'm', name: 'model', text: '', since: at(), last_used_at: at() })
      .execute();
    const seen: number[] = [];
    const work = async () => {
      for (;;) {
        const done = await scoreDueLeads(
          store.db,
          { limit: 7, now: at(), inputsHash: 'inputs', modelHash: 'm', crms: [CRM], maxPerHour: 60, ...NO_ACTIVITIES },
          (leads) => {
            seen.push(...leads.map(({ id }) => id));
            return leads.map((lead) => toScored(lead, 'hot', 'write'));
          },
        );
        if (done.claimed === 0) return;
      }
    };
    await Promise.all([work(), work(), work()]);
    expect(seen).toHaveLength(30);
    expect(new Set(seen).size).toBe(30);
    expect(await pending()).toHaveLength(30);
  });

  test('a chunk whose scoring throws changes nothing', async () => {
    await insertLeads('a', 'b');
    const broken = () => {
      throw new Error('a defect');
    };
    const chunk = {
      limit: 10,
      now: at(),
      inputsHash: 'inputs',
      modelHash: 'm',
      crms: [CRM],
      maxPerHour: 60,
      ...NO_ACTIVITIES,
    };
    await expect(scoreDueLeads(store.db, chunk, broken)).rejects.toThrow('a defect');
    const due = await store.db.selectFrom('leads').select('id').where('due_at', 'is not', null).execute();
    expect(due).toHaveLength(2);
    expect(await pending()).toEqual([]);
  });

  test('a lead out of scope loses its result, and its fields are to be cleared', async () => {
    await insertLeads('a');
    await score('hot');
    await store.db.updateTable('leads').set({ due_at: at(), due_reason: 'changed' }).execute();
    await scoreDueLeads(
      store.db,
      { limit: 10, now: at(), inputsHash: 'inputs', modelHash: 'm', crms: [CRM], maxPerHour: 60, ...NO_ACTIVITIES },
      (leads) =>
        leads.map(({ id, records }) => ({
          leadId: id,
          result: null,
          unscored: true,
          nextChangeAt: null,
          records: records.map(({ crm, object, id: record }) => ({
            crm,
            object,
            id: record,
            kind: 'write' as const,
            patch: { status: null },
          })),
        })),
    );
    expect(await store.db.selectFrom('leads').select(['result_id', 'due_at']).execute()).toEqual([
      { result_id: null, due_at: null },
    ]);
    expect(await pending()).toEqual([{ id: 'a', patch: { status: null } }]);
  });
});
