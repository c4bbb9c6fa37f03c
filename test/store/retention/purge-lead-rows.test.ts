// Which activities and field values the nightly purge deletes, and that a sync does not bring them back.
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { saveReconciledPage } from '../../../src/store/reconcile/save-reconciled-page.ts';
import { advanceBounds, resetBounds } from '../../../src/store/retention/activity-bounds.ts';
import { purgeLeadRows, purgeTombstones } from '../../../src/store/retention/purge-lead-rows.ts';
import { BACKEND } from '../../support/backends.ts';
import { activity, at, CRM, freshStore, saveListed, saveRead, snapshot } from '../fresh-store.ts';

const store = freshStore(BACKEND);
const DAY = 86_400;
const daysAgo = (days: number) => at(-days * DAY);
const signal = new AbortController().signal;
const VIEWS = { crm: CRM, stream: 'page_views' };
const KEPT_FROM = daysAgo(730);
const NO_ITEMS = { dirty: [], gone: [], outcomes: [], activities: [], position: null };

const view = (contact: string, days: number, type = 'page_view') =>
  activity(contact, `${type}-${days}`, { at: daysAgo(days).getTime(), type });

const bound = (type = 'page_view', keptFrom = KEPT_FROM) => ({ ...VIEWS, type, keptFrom });

/** Seven nights look at each lead once. */
async function purgeAll(): Promise<number> {
  let deleted = 0;
  for (let night = 0; night < 7; night++)
    deleted += (await purgeLeadRows(store.db, { replacedBefore: KEPT_FROM, signal })).activities;
  return deleted;
}

async function kept(contact = '1'): Promise<readonly string[]> {
  const rows = await store.db
    .selectFrom('activities')
    .select('id')
    .where('record_id', '=', contact)
    .orderBy('at', 'desc')
    .execute();
  return rows.map(({ id }) => id);
}

beforeEach(() => saveRead(store, [snapshot('1'), snapshot('2')]));

test('activities from before the bound of their stream and type are deleted, but for the latest of them of each record and type', async () => {
  await saveListed(
    store,
    [1, 729, 731, 800, 900].map((days) => view('1', days)),
  );
  await saveListed(store, [view('2', 900), view('2', 901), view('1', 999, 'email_open'), view('1', 998, 'email_open')]);
  await advanceBounds(store.db, [bound()]);
  expect(await purgeAll()).toBe(3);
  expect(await kept()).toEqual(['page_view-1', 'page_view-729', 'page_view-731', 'email_open-998', 'email_open-999']);
  expect(await kept('2')).toEqual(['page_view-900']);
  expect(await purgeAll()).toBe(0);
});

test('each night looks at a seventh of the leads, and a purge that was ended goes on behind its last batch', async () => {
  await saveRead(
    store,
    Array.from({ length: 14 }, (_, index) => snapshot(`${index + 3}`)),
  );
  const contacts = Array.from({ length: 16 }, (_, index) => `${index + 1}`);
  await saveListed(
    store,
    contacts.flatMap((contact) => [view(contact, 800), view(contact, 900)]),
  );
  await advanceBounds(store.db, [bound()]);
  const nights: number[] = [];
  for (let night = 0; night < 7; night++)
    nights.push((await purgeLeadRows(store.db, { replacedBefore: KEPT_FROM, signal })).activities);
  expect(nights).toEqual([3, 3, 3, 3, 3, 1, 0]);
});

test('a full sync that lists deleted activities again saves none of them, and makes no lead due', async () => {
  const all = [1, 731, 800, 900].map((days) => view('1', days));
  await saveListed(store, all);
  await advanceBounds(store.db, [bound()]);
  await purgeAll();
  await store.db.updateTable('leads').set({ due_at: null }).execute();
  await saveListed(store, all, { fullSyncRunId: 7 });
  expect(await kept()).toEqual(['page_view-1', 'page_view-731']);
  const due = await store.db.selectFrom('leads').select('id').where('due_at', 'is not', null).execute();
  expect(due).toEqual([]);
  const listed = await store.db.selectFrom('activities').select('last_full_sync_run_id as run').execute();
  expect(listed.map(({ run }) => run)).toEqual([7, 7]);
});

test('of the old activities of a record that was not read before, the latest of each type is saved', async () => {
  await advanceBounds(store.db, [bound()]);
  await saveListed(store, [view('1', 900), view('1', 800), view('1', 850), view('1', 900, 'email_open')]);
  expect(await kept()).toEqual(['page_view-800', 'email_open-900']);
});

test('the comparison of the night counts a deleted activity neither as late nor as deleted', async () => {
  const all = [1, 800, 900].map((days) => view('1', days));
  await saveListed(store, all);
  await advanceBounds(store.db, [bound()]);
  await purgeAll();
  const { found } = await saveReconciledPage(store.db, VIEWS, { ...NO_ITEMS, activities: all }, at());
  expect(found).toEqual({ late: 0, deleted: 0, changed: 0 });
});

test('a bound moves forward only, and back when a full sync begins under a model that looks back longer', async () => {
  const bounds = async () =>
    (await store.db.selectFrom('activity_bounds').select(['type', 'kept_from']).orderBy('type').execute()).map(
      ({ type, kept_from }) => [type, kept_from],
    );
  await advanceBounds(store.db, [bound('page_view'), bound('email_open')]);
  await advanceBounds(store.db, [bound('page_view', daysAgo(900)), bound('email_open', daysAgo(700))]);
  expect(await bounds()).toEqual([
    ['email_open', daysAgo(700)],
    ['page_view', KEPT_FROM],
  ]);
  // Page views are to be kept for 900 days, e-mails for ever.
  await resetBounds(store.db, VIEWS, [bound('page_view', daysAgo(900))]);
  expect(await bounds()).toEqual([['page_view', daysAgo(900)]]);
});

test('a former field value is deleted when it was replaced before the bound, the present one never', async () => {
  const value = (days: number, text: string) => ({
    ...{ crm: CRM, object: 'contacts', record_id: '1', field: 'contact.city', value: JSON.stringify(text) },
    ...{ valid_from: daysAgo(days), seen_at: daysAgo(days) },
  });
  await store.db.deleteFrom('field_values').execute();
  await store.db
    .insertInto('field_values')
    .values([value(900, 'Berlin'), value(800, 'Paris'), value(100, 'Rome')])
    .execute();
  for (let night = 0; night < 7; night++) await purgeLeadRows(store.db, { replacedBefore: KEPT_FROM, signal });
  const rows = await store.db.selectFrom('field_values').select('value').orderBy('seen_at').execute();
  expect(rows.map(({ value: text }) => text)).toEqual(['Paris', 'Rome']);
});

test('a tombstone is deleted after its time, and the item is saved again if the CRM lists it again', async () => {
  await saveListed(store, [view('1', 1), view('1', 2)]);
  await sql`update leadgrade.activities set gone_at = ${daysAgo(401)} where id = 'page_view-1'`.execute(store.db);
  await sql`update leadgrade.activities set gone_at = ${daysAgo(399)} where id = 'page_view-2'`.execute(store.db);
  expect(await purgeTombstones(store.db, { before: daysAgo(400), signal })).toBe(1);
  expect(await kept()).toEqual(['page_view-2']);
  await saveListed(store, [view('1', 1)]);
  expect(await kept()).toEqual(['page_view-1', 'page_view-2']);
});
