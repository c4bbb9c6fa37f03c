import { describe, expect, test } from 'vitest';
import { bullJobOptions, isDelayedKey, JOBS, type JobName, workerConcurrency } from '../../../jobs/job-types.ts';
import { type RepeatableJob, syncRepeatableJobs } from '../../../jobs/queue/worker.ts';
import { BACKEND } from '../../support/backends.ts';
import { openTestQueue } from './test-queue.ts';

const keyIn = (delayMs?: number) => {
  const { deduplication } = bullJobOptions('score-leads', 'score-leads', delayMs === undefined ? {} : { delayMs });
  return deduplication?.id;
};

test('a delayed job does not deduplicate one without a delay', () => {
  expect([keyIn(), keyIn(500), keyIn(60_000)].map(isDelayedKey)).toEqual([false, true, true]);
});

test('a job due in a minute does not deduplicate one due in 3 seconds, and jobs due at about the same time are one', () => {
  expect(keyIn(3_000)).not.toBe(keyIn(60_000));
  expect(keyIn(1)).not.toBe(keyIn(500));
  expect(new Set([35_000, 40_000, 60_000].map(keyIn)).size).toBe(1);
});

test('a worker runs one job of each kind and CRM at a time, for any number of CRMs', () => {
  const perCrm: readonly JobName[] = [
    'poll-fast-streams',
    'fetch-items',
    'sync-streams',
    'refresh-records',
    'write-scores',
  ];
  const shared = Object.keys(JOBS).length - perCrm.length;
  expect([1, 2, 3].map(workerConcurrency)).toEqual([shared + 5, shared + 10, shared + 15]);
});

describe(`the repeatable jobs on ${BACKEND.name}`, () => {
  test('are those of the settings, without the jobs of a CRM that was removed from them', async () => {
    const { env } = await BACKEND.create();
    const backend = await openTestQueue(env);
    const queue = backend.queue<unknown>('repeatable');
    const scheduled = async () =>
      (await queue.getJobSchedulers()).map(({ key, every }) => `${key} ${every}`).toSorted();
    const poll: RepeatableJob = { job: 'poll', payload: {}, seconds: 60 };
    const pollFast = (crm: string, seconds: number): RepeatableJob => ({
      job: 'poll-fast-streams',
      payload: { crm },
      seconds,
    });
    await syncRepeatableJobs(queue, [poll, pollFast('hubspot', 15), pollFast('salesforce', 30)]);
    expect(await scheduled()).toEqual([
      'poll 60000',
      'poll-fast-streams-hubspot 15000',
      'poll-fast-streams-salesforce 30000',
    ]);
    await syncRepeatableJobs(queue, [poll, pollFast('hubspot', 20)]);
    expect(await scheduled()).toEqual(['poll 60000', 'poll-fast-streams-hubspot 20000']);
    await syncRepeatableJobs(queue, [poll]);
    expect(await scheduled()).toEqual(['poll 60000']);
  });
});
