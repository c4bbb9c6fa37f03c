import { describe, expect, test } from 'vitest';
import type { LeadSnapshot } from '../../../src/domain/crm-changes.ts';
import { claimDirty } from '../../../src/store/records/claim-dirty.ts';
import { markDirty } from '../../../src/store/records/mark-dirty.ts';
import { saveFetchedRecords } from '../../../src/store/records/save-fetched.ts';
import { markGoneOrMerged } from '../../../src/store/records/tombstones.ts';
import { BACKEND } from '../../support/backends.ts';
import { activity, at, CRM, freshStore, inLocked, ref, saveListed, saveRead, snapshot } from '../fresh-store.ts';

describe(`records (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);

  const read = (snapshots: readonly LeadSnapshot[], now = at(), askedAt = now) =>
    saveRead(store, snapshots, { now, askedAt });

  async function setDirty(ids: readonly string[], now = at()): Promise<void> {
    const records = ids.map((id) => ({ ref: ref(id) }));
    await inLocked(store, ids.map(ref), (locked) => markDirty(locked, CRM, records, now));
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
    test('excludes other workers until the lease ends', async () => {
      await setDirty(['a', 'b']);
      expect(await claim('one', at(1))).toEqual(['a', 'b']);
      expect(await claim('two', at(2))).toEqual([]);
      expect(await claim('two', at(62))).toEqual(['a', 'b']);
    });

    test('is granted again to the same worker, for example after a kill', async () => {
      await setDirty(['a', 'b']);
      expect(await claim('one', at(1))).toEqual(['a', 'b']);
      expect(await claim('one', at(2))).toEqual(['a', 'b']);
    });

    test('returns the oldest record first', async () => {
      await setDirty(['late'], at(5));
      await setDirty(['early'], at(1));
      expect(await claim('one', at(9), 1)).toEqual(['early']);
    });

    test('ends when the record is read, and a dirty flag set during the read stays', async () => {
      await setDirty(['a', 'b'], at(0));
      const until = at(60);
      const claimed = await claimDirty(store.db, { crm: CRM, by: 'one', limit: 10, now: at(1), until });
      // The clock of another process is behind.
      await setDirty(['b'], at(1));
      const fetched = [snapshot('a'), snapshot('b')];
      await saveFetchedRecords(store.db, fetched, { crm: CRM, now: at(4), askedAt: at(2), claimed });
      expect(await claim('one', at(5))).toEqual(['b']);
    });

    test('does not let a late response overwrite a newer read', async () => {
      await read([snapshot('a', { fields: { 'contact.job_title': 'VP' } })], at(4), at(3));
      await read([snapshot('a', { fields: { 'contact.job_title': 'Intern' } })], at(5), at(2));
      expect((await record('a')).fields).toMatchObject({ 'contact.job_title': 'VP' });
    });
  });

  describe('a read of a record', () => {
    test('makes the lead due if a field changed, and not otherwise', async () => {
      await read([snapshot('a')]);
      expect(await dueLeads()).toHaveLength(1);
      await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
      await read([snapshot('a', { modifiedAt: at(-1).toISOString() })], at(60));
      expect(await dueLeads()).toEqual([]);
      await read([snapshot('a', { fields: { 'contact.job_title': 'CEO' } })], at(120));
      expect(await dueLeads()).toMatchObject([{ due_reason: 'changed' }]);
    });

    test('makes the lead due if a score field changed', async () => {
      await read([snapshot('a', { crmValues: { status: 'hot' } })]);
      await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
      await read([snapshot('a', { crmValues: { status: null } })], at(60));
      expect(await dueLeads()).toHaveLength(1);
    });

    test('inserts a history row for each changed field, with the modification time of the CRM', async () => {
      const first = { 'contact.job_title': 'VP Sales', 'contact.country': null };
      await read([snapshot('a', { fields: first })], at(0));
      const fields = { 'contact.job_title': 'CEO', 'contact.country': null };
      await read([snapshot('a', { fields, modifiedAt: at(30).toISOString() })], at(60));
      await read([snapshot('a', { fields, modifiedAt: at(90).toISOString() })], at(120));
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

    test('inserts a history row for an emptied field', async () => {
      await read([snapshot('a')], at(0));
      await read([snapshot('a', { fields: { 'contact.job_title': null } })], at(60));
      const rows = await store.db.selectFrom('field_values').select('value').orderBy('seen_at').execute();
      expect(rows.map(({ value }) => value)).toEqual(['VP Sales', null]);
    });

    test('makes a search result with equal values leave the record clean, and one with other values mark it dirty', async () => {
      await read([snapshot('a', { crmValues: { status: 'hot' } })]);
      const current = {
        fields: { 'contact.job_title': 'VP Sales' },
        crmValues: { status: 'hot' },
        modifiedAt: at().toISOString(),
      };
      const mark = (changes: object) =>
        inLocked(store, [ref('a')], (locked) =>
          markDirty(locked, CRM, [{ ref: ref('a'), current: { ...current, ...changes } }], at(1)),
        );
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

    async function activities() {
      const rows = store.db.selectFrom('activities').select(['record_id', 'id', 'gone_at', 'lead_id']);
      return rows.orderBy('record_id').orderBy('id').execute();
    }

    test('moves its activities to the survivor, common ones once, and is no longer read', async () => {
      await read([snapshot('a'), snapshot('b')]);
      await saveListed(store, [activity('a', '1'), activity('a', '2'), activity('b', '2'), activity('b', '3')]);
      await merge('b', 'a');
      const { lead_id: survivor } = await record('a');
      const counted = (await activities()).filter(({ gone_at, lead_id }) => gone_at === null && lead_id === survivor);
      expect(counted.map(({ record_id, id }) => `${record_id}/${id}`)).toEqual(['a/1', 'a/2', 'a/3']);
      expect(await record('b')).toMatchObject({ state: 'merged', merged_into: 'a', dirty_at: null });
      expect((await record('a')).dirty_at).toEqual(at(60));
    });

    test('is merged once, even if the merge is reported twice', async () => {
      await read([snapshot('a'), snapshot('b')]);
      await merge('b', 'a', at(60));
      await merge('b', 'a', at(62));
      expect((await record('a')).dirty_at).toEqual(at(60));
    });

    test('creates an unknown survivor; a merge of an unknown record changes nothing', async () => {
      await read([snapshot('b')]);
      await saveListed(store, [activity('b', '1')]);
      await merge('b', 'new');
      await merge('unheard-of', 'new');
      expect((await record('new')).dirty_at).toEqual(at(60));
      expect(await activities()).toMatchObject([{ record_id: 'new', lead_id: (await record('new')).lead_id }]);
      expect(await store.db.selectFrom('records').select('id').where('id', '=', 'unheard-of').execute()).toEqual([]);
    });

    test('can have been a survivor before', async () => {
      await read([snapshot('a'), snapshot('b'), snapshot('c')]);
      await saveListed(store, [activity('c', '1')]);
      await merge('c', 'b');
      await merge('b', 'a');
      expect(await activities()).toMatchObject([
        { record_id: 'a', gone_at: null, lead_id: (await record('a')).lead_id },
      ]);
    });
  });

  test('a deleted record keeps its row, loses its pending write, makes its lead due, and can be restored', async () => {
    await read([snapshot('a')]);
    await store.db.updateTable('leads').set({ due_at: null, due_reason: null }).execute();
    const row = { crm: CRM, object: 'contacts', record_id: 'a', result_id: null, queued_at: at() };
    await store.db
      .insertInto('outbox')
      .values({ ...row, patch: '{}', retry_at: null, claimed_by: null, claimed_until: null })
      .execute();
    await inLocked(store, [ref('a')], (locked) =>
      markGoneOrMerged(locked, CRM, [{ ...ref('a'), into: null }], { now: at(60) }),
    );
    expect(await record('a')).toMatchObject({ state: 'gone', dirty_at: null });
    expect(await store.db.selectFrom('outbox').selectAll().execute()).toEqual([]);
    expect(await dueLeads()).toMatchObject([{ due_reason: 'gone' }]);
    await read([snapshot('a')], at(120));
    expect(await record('a')).toMatchObject({ state: 'live', merged_into: null });
  });
});
