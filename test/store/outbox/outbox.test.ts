import { describe, expect, test } from 'vitest';
import type { ScoreFieldValues } from '../../../src/domain/score-fields.ts';
import {
  type DueLead,
  type ScoredLead,
  scoreDueLeads,
  type WriteDecision,
} from '../../../src/store/leads/score-due-leads.ts';
import { deleteBulkWrite, saveBulkWrite } from '../../../src/store/outbox/bulk-writes.ts';
import {
  claimOutbox,
  countWritable,
  deleteFromOutbox,
  markWritten,
  type OutboxRow,
  releaseOutbox,
} from '../../../src/store/outbox/outbox.ts';
import { saveSnapshots } from '../../../src/store/records/save-snapshots.ts';
import { allMatched, at, CRM, freshStore, STORES, snapshot } from '../fresh-store.ts';

describe.each(STORES)('the outbox ($name)', (setup) => {
  const store = freshStore(setup);

  /** Leads a, b ... with a record each, which are due. */
  async function known(...ids: readonly string[]): Promise<void> {
    const options = { crm: CRM, now: at(), askedAt: at() };
    await store.db.transaction().execute((tx) =>
      saveSnapshots(
        tx,
        ids.map((id) => snapshot(id)),
        options,
      ),
    );
    await allMatched(store);
  }

  /** Scores all leads again, as the score job does: each with this status. */
  async function scored(status: string, decide: WriteDecision['kind'] = 'write', now = at()): Promise<void> {
    await store.db.updateTable('leads').set({ due_at: now, due_reason: 'changed' }).execute();
    await store.db
      .insertInto('models')
      .values({ hash: 'm', name: 'model', text: '', since: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const score = (leads: readonly DueLead[]) => leads.map((lead) => toScored(lead, status, decide));
    await scoreDueLeads(store.db, { limit: 100, now, inputsHash: 'basis', crms: [CRM], maxPerHour: 60 }, score);
  }

  function toScored(lead: DueLead, status: string, decide: WriteDecision['kind']): ScoredLead {
    const scores = { grade: 'A' as const, coverage: 1, fit_score: 1, behavior_score: 1, total: 2, status };
    const rest = { previous_status: null, cell: null, thresholds: null, contributions: [], gates: [] };
    const result = { as_of: at().toISOString(), model_hash: 'm', cause: lead.cause, ...scores, ...rest };
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

  async function wrote(rows: readonly OutboxRow[], modifiedAt: string | null = null): Promise<void> {
    const written = rows.map((row) => ({ ...row, modifiedAt }));
    await store.db.transaction().execute((tx) => markWritten(tx, CRM, written, at(2)));
  }

  async function waiting(): Promise<readonly { id: string; patch: ScoreFieldValues }[]> {
    return store.db.selectFrom('outbox').select(['record_id as id', 'patch']).orderBy('record_id').execute();
  }

  test('holds one row a record: a newer result replaces an unsent one', async () => {
    await known('a');
    await scored('cold');
    await scored('hot');
    expect(await waiting()).toEqual([{ id: 'a', patch: { status: 'hot' } }]);
    const [row] = await claim();
    const latest = await store.db.selectFrom('leads').select('result_id').executeTakeFirstOrThrow();
    expect(row?.result_id).toBe(latest.result_id);
  });

  test('keeps a newer result when the older one turns out to be written', async () => {
    await known('a', 'b');
    await scored('cold');
    const claimed = await claim();
    await scored('hot');
    await wrote(claimed);
    expect(await waiting()).toEqual([
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
    // Nobody has to wait for the claim of the older one to end.
    const again = await claim('somebody else', at(2));
    expect(again.map(({ patch }) => patch)).toEqual([{ status: 'hot' }, { status: 'hot' }]);
    await wrote(again);
    expect(await waiting()).toEqual([]);
  });

  test('keeps a newer result when the older one turns out to be refused', async () => {
    await known('a');
    await scored('cold');
    const claimed = await claim();
    await scored('hot');
    await store.db.transaction().execute((tx) => deleteFromOutbox(tx, CRM, claimed));
    expect(await waiting()).toEqual([{ id: 'a', patch: { status: 'hot' } }]);
  });

  test('lets go of a result that the CRM turns out to hold already', async () => {
    await known('a');
    await scored('cold');
    await scored('hot', 'in_sync');
    expect(await waiting()).toEqual([]);
    const { synced_result_id } = await store.db
      .selectFrom('records')
      .select('synced_result_id')
      .executeTakeFirstOrThrow();
    const { result_id } = await store.db.selectFrom('leads').select('result_id').executeTakeFirstOrThrow();
    expect(synced_result_id).toBe(result_id);
  });

  test('lets go of a result that waited when somebody else has written there and is heard', async () => {
    await known('a');
    await scored('cold');
    await wrote(await claim());
    await scored('hot');
    const edited = snapshot('a', { crmValues: { status: 'by hand' } });
    await store.db.transaction().execute((tx) => saveSnapshots(tx, [edited], { crm: CRM, now: at(9), askedAt: at(9) }));
    await scored('hot', 'respected');
    expect(await waiting()).toEqual([]);
    const record = store.db.selectFrom('records').select(['crm_values', 'last_written_values', 'synced_result_id']);
    expect(await record.executeTakeFirstOrThrow()).toEqual({
      crm_values: { status: 'by hand' },
      last_written_values: { status: 'cold' },
      synced_result_id: null,
    });
  });

  test('remembers what the CRM holds and when our write was, without going back in time', async () => {
    await known('a');
    await scored('hot');
    await wrote(await claim(), at(5).toISOString());
    await scored('cold');
    await wrote(await claim(), at(3).toISOString());
    const record = await store.db.selectFrom('records').select(['crm_values', 'modified_at']).executeTakeFirstOrThrow();
    expect(record).toEqual({ crm_values: { status: 'cold' }, modified_at: at(5) });
  });

  describe('while a bulk write is under way', () => {
    const bulk = {
      crm: CRM,
      object: 'contacts',
      job: 'job',
      most: 2,
      mostBytes: 1_000_000,
      now: at(1),
      nextCheckAt: at(9),
    };
    const keep = () => saveBulkWrite(store.db, bulk);
    const handedOver = async () => {
      const rows = await store.db.selectFrom('bulk_write_rows').select('record_id').orderBy('record_id').execute();
      return rows.map(({ record_id }) => record_id);
    };

    test('nobody else writes to the records that were handed over, and to the others somebody does', async () => {
      await known('a', 'b', 'c');
      await scored('hot');
      expect(await countWritable(store.db, CRM, at(1))).toEqual([{ object: 'contacts', forBulk: 3, inBulk: false }]);
      expect(await keep()).toBe(2);
      expect(await countWritable(store.db, CRM, at(1))).toEqual([{ object: 'contacts', forBulk: 1, inBulk: true }]);
      const ids = (await claim()).map(({ id }) => id);
      expect([...(await handedOver()), ...ids].toSorted()).toEqual(['a', 'b', 'c']);
      // Also when there is a newer result of them.
      await scored('cold');
      expect((await claim()).map(({ id }) => id)).toEqual(ids);
      await deleteBulkWrite(store.db, bulk);
      expect(await claim()).toHaveLength(3);
    });

    test('whoever did something just now is left out of it, and written in between, also beside many others', async () => {
      await known('a', 'b', 'c', 'd');
      await scored('hot');
      await store.db.updateTable('outbox').set({ priority: 0 }).where('record_id', '=', 'a').execute();
      expect(await keep()).toBe(2);
      expect(await handedOver()).not.toContain('a');
      expect((await claim('writer', at(1), 10, { urgent: true })).map(({ id }) => id)).toEqual(['a']);
    });
  });

  describe('a claim', () => {
    test('keeps others away, ends by itself, and is given again to the claimant that comes back', async () => {
      await known('a', 'b', 'c');
      await scored('hot');
      expect(await claim('one', at(1), 1)).toHaveLength(1);
      expect(await claim('two', at(2))).toHaveLength(2);
      expect(await claim('one', at(3))).toHaveLength(1);
      expect(await claim('three', at(4))).toHaveLength(0);
      expect(await claim('three', at(200))).toHaveLength(3);
    });

    test('that is given back is free at once, or from the instant of its next try', async () => {
      await known('a', 'b');
      await scored('hot');
      const [first, second] = await claim();
      if (!first || !second) throw new Error('two rows were to be claimed');
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

    test('of a later try ends when a newer result replaces it', async () => {
      await known('a');
      await scored('cold');
      await releaseOutbox(store.db, CRM, await claim(), at(600));
      expect(await claim('another', at(2))).toEqual([]);
      await scored('hot');
      expect(await claim('another', at(3))).toMatchObject([{ id: 'a', attempts: 0, patch: { status: 'hot' } }]);
    });
  });

  test('takes leads in chunks, and two workers never the same one', async () => {
    const ids = Array.from({ length: 30 }, (_, number) => `c${number}`);
    await known(...ids);
    await store.db.insertInto('models').values({ hash: 'm', name: 'model', text: '', since: at() }).execute();
    const seen: number[] = [];
    const work = async () => {
      for (;;) {
        const done = await scoreDueLeads(
          store.db,
          { limit: 7, now: at(), inputsHash: 'basis', crms: [CRM], maxPerHour: 60 },
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
    expect(await waiting()).toHaveLength(30);
  });

  test('keeps nothing of a chunk whose scoring throws', async () => {
    await known('a', 'b');
    const broken = () => {
      throw new Error('a defect');
    };
    const chunk = { limit: 10, now: at(), inputsHash: 'basis', crms: [CRM], maxPerHour: 60 };
    await expect(scoreDueLeads(store.db, chunk, broken)).rejects.toThrow('a defect');
    const due = await store.db.selectFrom('leads').select('id').where('due_at', 'is not', null).execute();
    expect(due).toHaveLength(2);
    expect(await waiting()).toEqual([]);
  });

  test('leaves a lead that is not in scope without a result, and scores it anew later', async () => {
    await known('a');
    await scored('hot');
    await store.db.updateTable('leads').set({ due_at: at(), due_reason: 'changed' }).execute();
    await scoreDueLeads(store.db, { limit: 10, now: at(), inputsHash: 'basis', crms: [CRM], maxPerHour: 60 }, (leads) =>
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
    expect(await waiting()).toEqual([{ id: 'a', patch: { status: null } }]);
  });
});
