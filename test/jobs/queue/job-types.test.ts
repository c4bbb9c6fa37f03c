import { describe, expect, test, vi } from 'vitest';
import { bullJobOptions, isDelayedKey, JOBS, type JobName, workerConcurrency } from '../../../jobs/job-types.ts';
import { type RepeatableJob, syncRepeatableJobs } from '../../../jobs/queue/repeatable-jobs.ts';
import { BACKEND } from '../../support/backends.ts';
import { openTestQueue } from './test-queue.ts';

const keyIn = (delayMs?: number) => {
  const { deduplication } = bullJobOptions('score-leads', 'score-leads', delayMs === undefined ? {} : { delayMs });
  return deduplication?.id;
};

test('a delay of a fraction of a millisecond, as half the age of a bulk job, is enqueued in whole milliseconds', () => {
  const options = bullJobOptions('write-scores', 'write-scores', { delayMs: 2129.5 });
  expect(options).toMatchObject({ delay: 2130, deduplication: { ttl: 2130 } });
});

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
  async function openRepeatable() {
    const { env } = await BACKEND.create();
    const backend = await openTestQueue(env);
    return { backend, queue: backend.queue<unknown>('repeatable') };
  }

  test('that were scheduled while the clock was an hour ahead are scheduled again', async () => {
    const { backend, queue } = await openRepeatable();
    const poll: RepeatableJob = { job: 'poll', payload: {}, seconds: 60 };
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    try {
      await syncRepeatableJobs(backend, queue, [poll], Date.now());
      // A retry after a pause, and the second run of the schedule.
      await queue.add('sync-streams', { crm: 'hubspot' }, bullJobOptions('sync-streams', 'sync', { delayMs: 15_000 }));
    } finally {
      vi.useRealTimers();
    }
    const queueTimes = async () => (await queue.getJobSchedulers()).map(({ next = 0 }) => next - Date.now() <= 60_000);
    expect(await syncRepeatableJobs(backend, queue, [poll], Date.now())).toBe(true);
    expect(await queueTimes()).toEqual([true]);
    expect((await queue.getJobs(['waiting', 'prioritized'])).map(({ name }) => name)).toContain('sync-streams');
    expect(await syncRepeatableJobs(backend, queue, [poll], Date.now())).toBe(false);
  });

  test('that two services schedule at the same moment, again and again, are one schedule', async () => {
    const { env } = await BACKEND.create();
    const services = [0, 1].map(async () => {
      const backend = await openTestQueue(env);
      return { backend, queue: backend.queue<unknown>('repeatable') };
    });
    const opened = await Promise.all(services);
    const poll: RepeatableJob = { job: 'poll', payload: {}, seconds: 60 };
    for (let times = 0; times < 3; times++) {
      await Promise.all(opened.map(({ backend, queue }) => syncRepeatableJobs(backend, queue, [poll], Date.now())));
    }
    for (const { queue } of opened) {
      // Each may have enqueued a first poll. Both lead to the same next one.
      expect((await queue.getJobSchedulers()).map(({ key }) => key)).toEqual(['poll']);
    }
  });

  test('are those of the settings, without the jobs of a CRM that was removed from them', async () => {
    const { backend, queue } = await openRepeatable();
    const scheduled = async () =>
      (await queue.getJobSchedulers()).map(({ key, every }) => `${key} ${every}`).toSorted();
    const poll: RepeatableJob = { job: 'poll', payload: {}, seconds: 60 };
    const pollFast = (crm: string, seconds: number): RepeatableJob => ({
      job: 'poll-fast-streams',
      payload: { crm },
      seconds,
    });
    await syncRepeatableJobs(backend, queue, [poll, pollFast('hubspot', 15), pollFast('salesforce', 30)], Date.now());
    expect(await scheduled()).toEqual([
      'poll 60000',
      'poll-fast-streams-hubspot 15000',
      'poll-fast-streams-salesforce 30000',
    ]);
    await syncRepeatableJobs(backend, queue, [poll, pollFast('hubspot', 20)], Date.now());
    expect(await scheduled()).toEqual(['poll 60000', 'poll-fast-streams-hubspot 20000']);
    await syncRepeatableJobs(backend, queue, [poll], Date.now());
    expect(await scheduled()).toEqual(['poll 60000']);
  });
});
