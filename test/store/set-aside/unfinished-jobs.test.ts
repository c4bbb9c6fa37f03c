// Jobs that began and did not end are set aside, for longer each time, and tried one at a time.
import { expect, test } from 'vitest';
import {
  beginJob,
  endJob,
  listSkippedJobs,
  retryUnfinishedJobs,
} from '../../../src/store/set-aside/unfinished-jobs.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, freshStore } from '../fresh-store.ts';

const store = freshStore(BACKEND);
const SCORE = { key: 'score-leads', job: 'score-leads', crm: null };
const SYNC = { key: 'sync-streams-hubspot', job: 'sync-streams', crm: 'hubspot' };

test('a job that began three times without an end is set aside for 1, 2, 4 minutes, up to an hour', async () => {
  for (const second of [0, 1, 2]) expect(await beginJob(store.db, SCORE, at(second))).toBe('begun');
  expect(await listSkippedJobs(store.db, [])).toEqual([]);
  expect(await beginJob(store.db, SCORE, at(3))).toBe('set-aside');
  expect(await beginJob(store.db, SCORE, at(61))).toBe('skipped');
  expect(await listSkippedJobs(store.db, [])).toMatchObject([{ job: 'score-leads', starts: 3, retryAt: at(62) }]);
  expect(await beginJob(store.db, SCORE, at(62))).toBe('begun');
  expect(await beginJob(store.db, SCORE, at(62 + 119))).toBe('set-aside');
  expect(await beginJob(store.db, SCORE, at(62 + 120))).toBe('begun');
  expect(await beginJob(store.db, SCORE, at(182 + 239))).toBe('set-aside');
  let now = 182 + 240;
  for (let times = 0; times < 30; times++) {
    expect(await beginJob(store.db, SCORE, at(now))).toBe('begun');
    now += 3_600;
  }
});

test('a job that ended begins at once, also after it was set aside', async () => {
  for (let times = 0; times < 10; times++) {
    expect(await beginJob(store.db, SCORE, at(times))).toBe('begun');
    expect(await endJob(store.db, SCORE.key)).toBe(false);
  }
  for (const second of [10, 11, 12, 72]) await beginJob(store.db, SCORE, at(second));
  expect(await endJob(store.db, SCORE.key)).toBe(true);
  expect(await beginJob(store.db, SCORE, at(73))).toBe('begun');
});

test('of two jobs that were set aside together, one is tried at a time', async () => {
  for (const second of [0, 1, 2]) {
    await beginJob(store.db, SCORE, at(second));
    await beginJob(store.db, SYNC, at(second));
  }
  expect(await beginJob(store.db, SYNC, at(62))).toBe('begun');
  expect(await beginJob(store.db, SCORE, at(62))).toBe('set-aside');
  await endJob(store.db, SYNC.key);
  expect(await beginJob(store.db, SCORE, at(62 + 119))).toBe('skipped');
  expect(await beginJob(store.db, SCORE, at(62 + 120))).toBe('begun');
});

test('jobs of a CRM that is not set up are not listed, and an operator lets all begin at once', async () => {
  for (const second of [0, 1, 2, 3]) {
    await beginJob(store.db, SCORE, at(second));
    await beginJob(store.db, SYNC, at(second));
  }
  expect((await listSkippedJobs(store.db, ['salesforce'])).map(({ job }) => job)).toEqual(['score-leads']);
  expect((await listSkippedJobs(store.db, ['hubspot'])).map(({ job }) => job)).toEqual(['score-leads', 'sync-streams']);
  expect(await retryUnfinishedJobs(store.db)).toBe(2);
  expect(await beginJob(store.db, SYNC, at(4))).toBe('begun');
});
