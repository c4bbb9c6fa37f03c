import { describe, expect, test } from 'vitest';
import type { LeadSnapshot } from '../../../src/domain/crm-changes.ts';
import { saveActivities } from '../../../src/store/activities/activities.ts';
import { saveFetchedRecords } from '../../../src/store/records/save-fetched.ts';
import { claimDirty, markDirty, saveSnapshots } from '../../../src/store/records/save-snapshots.ts';
import { markGoneOrMerged } from '../../../src/store/records/tombstones.ts';
import { activity, at, CRM, freshStore, ref, STORES, snapshot } from '../fresh-store.ts';

describe.each(STORES)('records ($name)', (setup) => {
  const store = freshStore(setup);

  async function take(snapshots: readonly LeadSnapshot[], now = at(), askedAt = now): Promise<void> {
    await store.db.transaction().execute((tx) => saveSnapshots(tx, snapshots, { crm: CRM, now, askedAt }));
  }

  async function dirty(ids: readonly string[], now = at()): Promise<void> {
    await store.db.transaction().execute(async (tx) => {
      await markDirty(
        tx,
        CRM,
        ids.map((id) => ({ ref: ref(id) })),
        now,
      );
    });
  }

  async function claim(by: string, now: Date, limit = 10): Promise<readonly string[]> {
    const until = new Date(now.getTime() + 60_000);
    const claimed = await claimDirty(store.db, { crm: CRM, by, limit, now, until });
    return claimed.map(({ id }) => id).toSorted();
  }

  async function record(id: string) {
    return store.db.selectFrom('records').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  }

  async function dueLeads(): Promise<readonly { id: number; due_reason: string | null }[]> {
    return store.db.selectFrom('leads').select(['id', 'due_reason']).where('due_at', 'is not', null).execute();
  }

  describe('a claim of dirty records', () => {
    test('keeps others away, and ends by itself', async () => {
      await dirty(['a', 'b']);
      expect(await claim('one', at(1))).toEqual(['a', 'b']);
      expect(await claim('two', at(2))).toEqual([]);
      expect(await claim('two', at(62))).toEqual(['a', 'b']);
    });

    test('is given again to the claimant that comes back, as after a kill', async () => {
      await dirty(['a', 'b']);
      expect(await claim('one', at(1))).toEqual(['a', 'b']);
      expect(await claim('one', at(2))).toEqual(['a', 'b']);
    });

    test('takes the oldest first', async () => {
      await dirty(['late'], at(5));
      await dirty(['early'], at(1));
      expect(await claim('one', at(9), 1)).toEqual(['early']);
    });

    test('is over when the record is read; a mark made while it was being read stays', async () => {
      await dirty(['a', 'b'], at(0));
      const until = at(60);
      const claimed = await claimDirty(store.db, { crm: CRM, by: 'one', limit: 10, now: at(1), until });
      // By the clock of another process, which is behind.
      await dirty(['b'], at(1));
      const fetched = [snapshot('a'), snapshot('b')];
      await saveFetchedRecords(store.db, fetched, { crm: CRM, now: at(4), askedAt: at(2), claimed });
      expect(await claim('one', at(5))).toEqual(['b']);
    });

    test('and of what was read later than this is not undone by an answer that comes late', async () => {
      await take([snapshot('a', { fields: { 'contact.job_title': 'VP' } })], at(4), at(3));
      await take([snapshot('a', { fields: { 'contact.job_title': 'Intern' } })], at(5), at(2));
      expect((await record('a')).fields).toMatchObject({ 'contact.job_title': 'VP' });
    });
  });

  describe('a record that is read', () => {
    test('makes its lead due when a field moved, and not when nothing did', async () => {
      await take([snapshot('a')]);
      expect(await dueLeads()).toHaveLength(1);
      await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
      await take([snapshot('a', { modifiedAt: at(-1).toISOString() })], at(60));
      expect(await dueLeads()).toEqual([]);
      await take([snapshot('a', { fields: { 'contact.job_title': 'CEO' } })], at(120));
      expect(await dueLeads()).toMatchObject([{ due_reason: 'changed' }]);
    });

    test('makes its lead due when our own fields are not as they were', async () => {
      await take([snapshot('a', { crmValues: { status: 'hot' } })]);
      await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
      await take([snapshot('a', { crmValues: { status: null } })], at(60));
      expect(await dueLeads()).toHaveLength(1);
    });

    test('leaves a row of history for each field that moved, dated by the CRM, and none for the others', async () => {
      const first = { 'contact.job_title': 'VP Sales', 'contact.country': null };
      await take([snapshot('a', { fields: first })], at(0));
      const fields = { 'contact.job_title': 'CEO', 'contact.country': null };
      await take([snapshot('a', { fields, modifiedAt: at(30).toISOString() })], at(60));
      await take([snapshot('a', { fields, modifiedAt: at(90).toISOString() })], at(120));
      const rows = await store.db
        .selectFrom('field_values')
        .select(['field', 'value', 'valid_from', 'seen_at'])
        .orderBy('seen_at')
        .execute();
      expect(rows).toEqual([
        { field: 'contact.job_title', value: 'VP Sales', valid_from: at(-60), seen_at: at(0) },
        { field: 'contact.job_title', value: 'CEO', valid_from: at(30), seen_at: at(60) },
      ]);
    });

    test('leaves history when a field is emptied', async () => {
      await take([snapshot('a')], at(0));
      await take([snapshot('a', { fields: { 'contact.job_title': null } })], at(60));
      const rows = await store.db.selectFrom('field_values').select('value').orderBy('seen_at').execute();
      expect(rows.map(({ value }) => value)).toEqual(['VP Sales', null]);
    });

    test('is not marked by a search that shows what is known, and is by one that shows something else', async () => {
      await take([snapshot('a', { crmValues: { status: 'hot' } })]);
      const seen = {
        fields: { 'contact.job_title': 'VP Sales' },
        crmValues: { status: 'hot' },
        modifiedAt: at().toISOString(),
      };
      const mark = (changes: object) =>
        store.db.transaction().execute((tx) => {
          return markDirty(tx, CRM, [{ ref: ref('a'), seen: { ...seen, ...changes } }], at(1));
        });
      expect(await mark({})).toBe(0);
      expect(await mark({ fields: { 'contact.job_title': 'CEO' } })).toBe(1);
      expect(await mark({ crmValues: { status: 'cold' } })).toBe(1);
    });
  });

  describe('a merged record', () => {
    const merge = (from: string, into: string, now = at(60)) =>
      saveFetchedRecords(store.db, [{ kind: 'merged', ref: ref(from), into: ref(into) }], {
        crm: CRM,
        now,
        askedAt: now,
      });

    async function ledger() {
      const rows = store.db.selectFrom('activities').select(['record_id', 'id', 'gone_at', 'lead_id']);
      return rows.orderBy('record_id').orderBy('id').execute();
    }

    async function takeViews(activities: Parameters<typeof saveActivities>[1]): Promise<void> {
      await store.db.transaction().execute((tx) => {
        return saveActivities(tx, activities, { crm: CRM, stream: 'page_views', now: at(), fullSyncRunId: null });
      });
    }

    test('hands its ledger to the survivor, what both have once, and is read no more', async () => {
      await take([snapshot('a'), snapshot('b')]);
      await takeViews([activity('a', '1'), activity('a', '2'), activity('b', '2'), activity('b', '3')]);
      await merge('b', 'a');
      const { lead_id: survivor } = await record('a');
      const counted = (await ledger()).filter(({ gone_at, lead_id }) => gone_at === null && lead_id === survivor);
      expect(counted.map(({ record_id, id }) => `${record_id}/${id}`)).toEqual(['a/1', 'a/2', 'a/3']);
      expect(await record('b')).toMatchObject({ state: 'merged', merged_into: 'a', dirty_at: null });
      expect((await record('a')).dirty_at).toEqual(at(60));
    });

    test('is merged once, however often that is told', async () => {
      await take([snapshot('a'), snapshot('b')]);
      await merge('b', 'a', at(60));
      await merge('b', 'a', at(62));
      expect((await record('a')).dirty_at).toEqual(at(60));
    });

    test('makes a record of a survivor that was not known; one that was never known itself is nothing', async () => {
      await take([snapshot('b')]);
      await takeViews([activity('b', '1')]);
      await merge('b', 'new');
      await merge('unheard-of', 'new');
      expect((await record('new')).dirty_at).toEqual(at(60));
      expect(await ledger()).toMatchObject([{ record_id: 'new', lead_id: (await record('new')).lead_id }]);
      expect(await store.db.selectFrom('records').select('id').where('id', '=', 'unheard-of').execute()).toEqual([]);
    });

    test('may have been a survivor itself', async () => {
      await take([snapshot('a'), snapshot('b'), snapshot('c')]);
      await takeViews([activity('c', '1')]);
      await merge('c', 'b');
      await merge('b', 'a');
      expect(await ledger()).toMatchObject([{ record_id: 'a', gone_at: null, lead_id: (await record('a')).lead_id }]);
    });
  });

  test('a record that is gone keeps its row and its ledger, loses its unsent result, and its lead is scored no more', async () => {
    await take([snapshot('a')]);
    await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
    const row = { crm: CRM, object: 'contacts', record_id: 'a', result_id: null, queued_at: at() };
    await store.db
      .insertInto('outbox')
      .values({ ...row, patch: '{}', retry_at: null, claimed_by: null, claimed_until: null })
      .execute();
    await store.db
      .transaction()
      .execute((tx) => markGoneOrMerged(tx, CRM, [{ ...ref('a'), into: null }], { now: at(60) }));
    expect(await record('a')).toMatchObject({ state: 'gone', dirty_at: null });
    expect(await store.db.selectFrom('outbox').selectAll().execute()).toEqual([]);
    expect(await dueLeads()).toMatchObject([{ due_reason: 'gone' }]);
    await take([snapshot('a')], at(120));
    expect(await record('a')).toMatchObject({ state: 'live', merged_into: null });
  });
});
