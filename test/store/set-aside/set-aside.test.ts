// What is set aside: when it is tried again, what counts as pending, and what a full sync deletes.
import { describe, expect, test } from 'vitest';
import type { ChangePage } from '../../../src/domain/crm-changes.ts';
import { claimDirty } from '../../../src/store/records/claim-dirty.ts';
import { groupSetAside, isSkipped, listSetAside, partsOfStream } from '../../../src/store/set-aside/list-set-aside.ts';
import { clearSetAside, deleteUnknown, retrySetAside, saveSetAside } from '../../../src/store/set-aside/set-aside.ts';
import { hasDirty } from '../../../src/store/sync/remaining-work.ts';
import { openRun } from '../../../src/store/sync/runs.ts';
import { finishPull, savePage } from '../../../src/store/sync/save-page.ts';
import { areStreamsComplete, startFullSync, streamState } from '../../../src/store/sync/streams.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, CRM, freshStore, ref } from '../fresh-store.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const failure = { code: 'HTTP_400', message: 'No.', fix: null };
const stream = { stream: 'meetings', kind: 'stream', id: '' };

describe(`on ${BACKEND.name}, a stream that is set aside`, () => {
  const store = freshStore(BACKEND);
  const retryAt = async () => (await listSetAside(store.db, { crms: [CRM] }))[0]?.retryAt;
  const set = (isTemporary: boolean, seconds = 0) =>
    saveSetAside(store.db, CRM, [{ ...stream, failure, isTemporary }], at(seconds));

  test('is tried again after 1, 2, 4 minutes, and at most 6 hours', async () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 11; attempt++) {
      const isNew = (await set(false)).length === 1;
      expect(isNew).toBe(attempt === 0);
      waits.push(((await retryAt())?.getTime() ?? 0) - at().getTime());
    }
    const minutes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360];
    expect(waits).toEqual(minutes.map((each) => each * 60_000));
  });

  test('is tried again after at most 30 minutes if the failure is temporary', async () => {
    for (let attempt = 0; attempt < 8; attempt++) await set(true);
    expect(await retryAt()).toEqual(at(30 * MINUTE));
  });

  test('is skipped until then, or until an operator has it tried again', async () => {
    await set(false);
    const skipped = (seconds: number) => isSkipped(store.db, CRM, { stream: 'meetings', kind: 'stream' }, at(seconds));
    expect(await skipped(59)).toBe(true);
    expect(await skipped(60)).toBe(false);
    expect(await retrySetAside(store.db, at(1))).toBe(1);
    expect(await skipped(1)).toBe(false);
    expect(await clearSetAside(store.db, CRM, [stream])).toMatchObject([{ stream: 'meetings', code: 'HTTP_400' }]);
    expect(await clearSetAside(store.db, CRM, [stream])).toEqual([]);
  });

  test('holds up the first scoring for two minutes if the failure is temporary, else not at all', async () => {
    const key = { crm: CRM, stream: 'meetings' };
    await set(true);
    expect(await areStreamsComplete(store.db, [key], at(1))).toBe(false);
    await set(true, 2 * MINUTE);
    expect(await areStreamsComplete(store.db, [key], at(2 * MINUTE + 1))).toBe(true);
    // While it is being tried again, its activities are about to be known.
    expect(await areStreamsComplete(store.db, [key], at(HOUR))).toBe(false);
    await clearSetAside(store.db, CRM, [stream]);
    await set(false);
    expect(await areStreamsComplete(store.db, [key], at(1))).toBe(true);
  });

  test('is forgotten when the mapping no longer reads it', async () => {
    await set(false);
    await deleteUnknown(store.db, CRM, ['contacts', 'calls']);
    expect(await listSetAside(store.db, { crms: [CRM] })).toEqual([]);
  });

  test('is counted by stream, kind and code', async () => {
    const records = ['1', '2', '3', '4'].map((id) => ({ stream: 'contacts', kind: 'record', id, failure }));
    await saveSetAside(store.db, CRM, records, at());
    await set(false, 5);
    expect(await groupSetAside(store.db, [CRM])).toMatchObject([
      { stream: 'contacts', kind: 'record', code: 'HTTP_400', count: 4, ids: ['1', '2', '3'], retryAt: at(MINUTE) },
      { stream: 'meetings', kind: 'stream', count: 1, ids: [''], since: at(5) },
    ]);
  });
});

describe(`on ${BACKEND.name}, a record that is set aside`, () => {
  const store = freshStore(BACKEND);
  const empty: ChangePage = {
    ...{ leads: [], activities: [], gone: [], outcomes: [], cursor: {}, isFullSync: false },
    dirty: [{ ref: ref('1') }, { ref: ref('2') }],
  };
  const claim = { crm: CRM, by: 'worker', limit: 10, now: at(10), until: at(70) };

  test('is not claimed with the others, and no run waits for it', async () => {
    await startFullSync(store.db, { crm: CRM, stream: 'contacts' }, { runId: 1, mappingHash: 'm' });
    const from = await streamState(store.db, { crm: CRM, stream: 'contacts' });
    if (from === null) throw new Error('There is no stream.');
    const options = { crm: CRM, stream: 'contacts', from, fullSyncRunId: null, now: at(), askedAt: at() };
    await savePage(store.db, empty, options);
    await saveSetAside(store.db, CRM, [{ stream: 'contacts', kind: 'record', id: '1', failure }], at());
    expect((await claimDirty(store.db, claim)).map(({ id }) => id)).toEqual(['2']);
    await saveSetAside(store.db, CRM, [{ stream: 'contacts', kind: 'records', id: '', failure }], at());
    expect(await claimDirty(store.db, claim)).toEqual([]);
    expect(await hasDirty(store.db, [CRM], { until: at(10), now: at(10) })).toBe(false);
  });
});

describe(`on ${BACKEND.name}, a form that fails during a full sync`, () => {
  const store = freshStore(BACKEND);
  const key = { crm: CRM, stream: 'form_submissions' };
  const activity = (id: string) => ({ ref: ref('1'), id, type: 'form_submission', at: at().getTime(), attributes: {} });

  async function fullSync(seconds: number, page: Partial<ChangePage>): Promise<void> {
    const run = await openRun(store.db, { job: 'backfill', slot: null, state: 'running' }, at(seconds));
    if (run === null) throw new Error('The run could not be opened.');
    await startFullSync(store.db, key, { runId: run.id, mappingHash: 'm' });
    const from = await streamState(store.db, key);
    if (from === null) throw new Error('There is no stream.');
    const nothing = { leads: [], dirty: [], activities: [], gone: [], outcomes: [], cursor: {}, isFullSync: true };
    const options = { ...key, from, fullSyncRunId: run.id, now: at(seconds), askedAt: at(seconds) };
    await savePage(store.db, { ...nothing, ...page }, options);
    const end = { ...from, cursor: {} };
    await finishPull(store.db, { ...key, from: end, now: at(seconds), listsObject: null, fullSyncRunId: run.id });
  }
  const live = async () => {
    const rows = await store.db
      .selectFrom('activities')
      .select('id')
      .where('gone_at', 'is', null)
      .orderBy('id')
      .execute();
    return rows.map(({ id }) => id);
  };

  test('keeps its submissions, as they were not listed; without the failure they are deleted', async () => {
    await fullSync(0, { activities: [activity('a'), activity('b')] });
    await fullSync(60, { activities: [activity('a')], failed: [{ kind: 'form', id: 'f1', failure }] });
    expect(await live()).toEqual(['a', 'b']);
    expect(await partsOfStream(store.db, key)).toMatchObject([{ kind: 'form', id: 'f1' }]);
    await fullSync(120, { activities: [activity('a')], recovered: [{ kind: 'form', id: 'f1' }] });
    expect(await live()).toEqual(['a']);
    expect(await partsOfStream(store.db, key)).toEqual([]);
  });
});
