import { afterEach, describe, expect, test } from 'vitest';
import { bullJobOptions, isDelayedKey, JOBS, type JobName, workerConcurrency } from '../../../jobs/job-types.ts';
import { openQueueBackend } from '../../../jobs/queue/queue-backend.ts';
import { type RepeatableJob, syncRepeatableJobs } from '../../../jobs/queue/worker.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { BACKENDS } from '../../support/backends.ts';

const keyIn = (delayMs?: number) => {
  const { deduplication } = bullJobOptions('score-leads', 'score-leads', delayMs === undefined ? {} : { delayMs });
  return deduplication?.id;
};

test('a ring for now is not held back by one for later', () => {
  expect([keyIn(), keyIn(500), keyIn(60_000)].map(isDelayedKey)).toEqual([false, true, true]);
});

test('a ring for in three seconds is not held back by one for in a minute; many for about the same time are one', () => {
  expect(keyIn(3_000)).not.toBe(keyIn(60_000));
  expect(keyIn(1)).not.toBe(keyIn(500));
  expect(new Set([35_000, 40_000, 60_000].map(keyIn)).size).toBe(1);
});

test('however many CRMs there are, each job that can be rung for is run at once', () => {
  const ofEachCrm: readonly JobName[] = [
    'poll-fast-streams',
    'fetch-items',
    'sync-streams',
    'refresh-records',
    'write-scores',
  ];
  const once = Object.keys(JOBS).length - ofEachCrm.length;
  expect([1, 2, 3].map(workerConcurrency)).toEqual([once + 5, once + 10, once + 15]);
});

describe.each(BACKENDS)('what is rung for again and again ($name)', ({ create }) => {
  const endings: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  });

  test('is what the settings ask for: a CRM that is no longer among them is not watched any more', async () => {
    const { env, destroy } = await create();
    endings.push(destroy);
    const { connection, embedded, close } = await openDatabase({
      databaseUrl: env.DATABASE_URL,
      dataDir: env.DATA_DIR,
    });
    endings.push(close);
    const backend = await openQueueBackend({ redisUrl: env.REDIS_URL, connection, embedded });
    endings.push(() => backend.close({ deadlineMs: 5_000 }));
    const queue = backend.queue<unknown>('beats');
    const beats = async () => (await queue.getJobSchedulers()).map(({ key, every }) => `${key} ${every}`).toSorted();
    const tick: RepeatableJob = { job: 'poll', payload: {}, seconds: 60 };
    const watch = (crm: string, seconds: number): RepeatableJob => ({
      job: 'poll-fast-streams',
      payload: { crm },
      seconds,
    });
    await syncRepeatableJobs(queue, [tick, watch('hubspot', 15), watch('salesforce', 30)]);
    expect(await beats()).toEqual([
      'poll 60000',
      'poll-fast-streams-hubspot 15000',
      'poll-fast-streams-salesforce 30000',
    ]);
    await syncRepeatableJobs(queue, [tick, watch('hubspot', 20)]);
    expect(await beats()).toEqual(['poll 60000', 'poll-fast-streams-hubspot 20000']);
    await syncRepeatableJobs(queue, [tick]);
    expect(await beats()).toEqual(['poll 60000']);
  });
});
