import { afterEach, describe, expect, test } from 'vitest';
import { isLater, JOBS, type JobName, mostAtOnce, optionsOf } from '../../../jobs/job-types.ts';
import { openQueueBackend } from '../../../jobs/queue/queue-backend.ts';
import { type Beat, keepBeats } from '../../../jobs/queue/worker.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { SETUPS } from '../../support/backends.ts';

const keyIn = (delayMs?: number) => {
  const { deduplication } = optionsOf('score', 'score', delayMs === undefined ? {} : { delayMs });
  return deduplication?.id;
};

test('a ring for now is not held back by one for later', () => {
  expect([keyIn(), keyIn(500), keyIn(60_000)].map(isLater)).toEqual([false, true, true]);
});

test('a ring for in three seconds is not held back by one for in a minute; many for about the same time are one', () => {
  expect(keyIn(3_000)).not.toBe(keyIn(60_000));
  expect(keyIn(1)).not.toBe(keyIn(500));
  expect(new Set([35_000, 40_000, 60_000].map(keyIn)).size).toBe(1);
});

test('however many CRMs there are, each job that can be rung for is run at once', () => {
  const ofEachCrm: readonly JobName[] = ['watch', 'items', 'pull', 'refresh', 'write'];
  const once = Object.keys(JOBS).length - ofEachCrm.length;
  expect([1, 2, 3].map(mostAtOnce)).toEqual([once + 5, once + 10, once + 15]);
});

describe.each(SETUPS)('what is rung for again and again ($name)', ({ create }) => {
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
    const tick: Beat = { job: 'tick', payload: {}, seconds: 60 };
    const watch = (crm: string, seconds: number): Beat => ({ job: 'watch', payload: { crm }, seconds });
    await keepBeats(queue, [tick, watch('hubspot', 15), watch('salesforce', 30)]);
    expect(await beats()).toEqual(['tick 60000', 'watch-hubspot 15000', 'watch-salesforce 30000']);
    await keepBeats(queue, [tick, watch('hubspot', 20)]);
    expect(await beats()).toEqual(['tick 60000', 'watch-hubspot 20000']);
    await keepBeats(queue, [tick]);
    expect(await beats()).toEqual(['tick 60000']);
  });
});
