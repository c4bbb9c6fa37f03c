// One value that the database refuses keeps nothing else of its page, its comparison or its webhooks from being saved.
import { expect, test } from 'vitest';
import type { ChangePage } from '../../../src/domain/crm-changes.ts';
import { PRIORITY } from '../../../src/domain/priority.ts';
import { insertInboxEvents } from '../../../src/store/inbox/inbox.ts';
import { saveReconciledPage } from '../../../src/store/reconcile/save-reconciled-page.ts';
import { drainRecordEvents } from '../../../src/store/records/mark-dirty-from-inbox.ts';
import { listSetAside } from '../../../src/store/set-aside/list-set-aside.ts';
import { savePage } from '../../../src/store/sync/save-page.ts';
import { markStreamAvailable } from '../../../src/store/sync/stream-availability.ts';
import { streamState } from '../../../src/store/sync/streams.ts';
import { BACKEND } from '../../support/backends.ts';
import { activity, at, CRM, freshStore, saveListed, snapshot } from '../fresh-store.ts';

const store = freshStore(BACKEND);
const KEY = { crm: CRM, stream: 'tasks' };
const NOTHING = { leads: [], dirty: [], activities: [], gone: [], outcomes: [] };
/** Postgres stores no year after 9999 in the form of `toISOString`. */
const YEAR_20222 = Date.UTC(20222, 2, 10);
/** More than an entry of an index can hold, also when it is compressed. */
const TOO_LONG = Array.from({ length: 800 }, (_, index) => (index * 2_654_435_761).toString(36)).join('');

async function save(changes: Partial<ChangePage>, seconds = 0) {
  await markStreamAvailable(store.db, KEY, at(seconds));
  const from = await streamState(store.db, KEY);
  if (from === null) throw new Error('The stream has no state.');
  const options = { ...KEY, from, fullSyncRunId: null, now: at(seconds), askedAt: at(seconds) };
  return savePage(store.db, { ...NOTHING, cursor: { page: seconds }, isFullSync: false, ...changes }, options);
}

const setAside = async () =>
  (await listSetAside(store.db, { crms: [CRM] })).map(
    ({ stream, kind, id, code }) => `${stream} ${kind} ${id} ${code}`,
  );
const stored = async () =>
  (await store.db.selectFrom('activities').select('id').where('gone_at', 'is', null).orderBy('id').execute()).map(
    ({ id }) => id,
  );

test('a page is saved without the activity and the record that the database refuses, its cursor moves, and both are named', async () => {
  const activities = ['1', '2', '3', '4'].map((id) => activity('a', `task:${id}`));
  const poison = activity('a', 'task:5', { at: YEAR_20222 });
  const leads = [snapshot('b'), snapshot('c', { companyId: TOO_LONG })];
  expect(await save({ activities: [...activities, poison], leads })).toMatchObject({ setAside: [{}, {}] });
  expect(await stored()).toEqual(['task:1', 'task:2', 'task:3', 'task:4']);
  expect((await streamState(store.db, KEY))?.cursor).toEqual({ page: 0 });
  expect(await setAside()).toEqual(['contacts record c VALUE_REFUSED', 'tasks item task:5 VALUE_REFUSED']);
  const read = await store.db.selectFrom('records').select('id').where('read_at', 'is not', null).execute();
  expect(read).toEqual([{ id: 'b' }]);
  // Its date was corrected.
  expect(await save({ activities: [activity('a', 'task:5')] }, 60)).toMatchObject({ recovered: [{ id: 'task:5' }] });
  expect(await stored()).toContain('task:5');
});

test('a task that was read before keeps its date if the database refuses the new one, though the page lists all its people', async () => {
  await saveListed(store, [activity('a', 'task:1'), activity('a', 'task:2')], { stream: 'tasks' });
  const complete = { activities: ['task:1', 'task:2'], outcomes: [] };
  await save({ activities: [activity('a', 'task:1', { at: YEAR_20222 })], complete });
  expect(await stored()).toEqual(['task:1']);
});

test('a page of which the database refuses everything is not saved: the whole stream fails', async () => {
  const activities = ['1', '2', '3'].map((id) => activity('a', `task:${id}`, { at: YEAR_20222 }));
  await expect(save({ activities })).rejects.toThrow();
  expect(await setAside()).toEqual([]);
});

test('the nightly comparison saves all late items but the one that the database refuses, and clears it when it can be saved', async () => {
  const compare = (changes: object) => saveReconciledPage(store.db, KEY, { ...NOTHING, ...changes }, at());
  const late = ['1', '2', '3'].map((id) => activity('a', `task:${id}`));
  const { found } = await compare({ activities: [...late, activity('a', 'task:4', { at: YEAR_20222 })] });
  expect(found).toMatchObject({ late: 3 });
  expect(await setAside()).toEqual(['tasks item task:4 VALUE_REFUSED']);
  const { recovered } = await compare({ activities: [activity('a', 'task:4')] });
  expect(recovered).toMatchObject([{ id: 'task:4' }]);
  expect(await setAside()).toEqual([]);
});

test('a webhook about a record that the database refuses leaves the inbox, and keeps no other record from being marked', async () => {
  const event = (id: string) => ({
    ...{ key: id, account: '145', kind: 'record' as const, object: 'contacts', id },
    ...{ priority: PRIORITY.change, occurredAt: at().getTime() },
  });
  const poison = `0${TOO_LONG}`;
  await insertInboxEvents(store.db, CRM, ['1', '2', poison, '3'].map(event), at());
  const options = { crm: CRM, own: '145', limit: 100, now: at(), debounceMs: 0 };
  await expect(drainRecordEvents(store.db, options)).resolves.toMatchObject({ total: 4 });
  expect(await store.db.selectFrom('inbox').selectAll().execute()).toEqual([]);
  const dirty = store.db.selectFrom('records').select('id').where('dirty_at', 'is not', null).orderBy('id');
  expect(await dirty.execute()).toEqual(['1', '2', '3'].map((id) => ({ id })));
});
