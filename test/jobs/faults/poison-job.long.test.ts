// A job that ends its process: by using up the memory, or by blocking the event loop until the
// watchdog kills the process. The process is started again each time, as a supervisor does.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { listSkippedJobs, retryUnfinishedJobs } from '../../../src/store/set-aside/unfinished-jobs.ts';
import { BACKEND, openDatabaseOf } from '../../support/backends.ts';
import { patient } from '../../support/patience.ts';
import { startNode } from '../../support/processes.ts';
import { testFolder } from '../../support/test-folder.ts';

const SCRIPT = new URL('./processes/poisoned-worker.ts', import.meta.url).pathname;
/** Long enough for a process that collects garbage on a busy machine. */
const BLOCKED_MS = String(patient(4_000));
const SOON = { timeout: patient(60_000), interval: 100 };

test(`a job that uses up the memory or blocks the event loop is set aside after its third start, other jobs run, and it runs again once the reason is gone (${BACKEND.name})`, async () => {
  const { env } = await BACKEND.create();
  const file = join(await testFolder(), 'poison');
  const startWorker = () => {
    const settings = { NODE_OPTIONS: '--max-old-space-size=128', POISON_FILE: file, BLOCKED_MS };
    const worker = startNode(SCRIPT, [], { DATABASE_URL: undefined, REDIS_URL: undefined, ...env, ...settings });
    endWithTest(worker.kill);
    return worker;
  };
  for (const poison of ['memory', 'loop', 'memory']) {
    await writeFile(file, poison);
    const worker = startWorker();
    const end = await worker.ended;
    expect(worker.output()).toContain('begins score-leads');
    expect(worker.output()).not.toContain('ends score-leads');
    if (poison === 'memory') expect(worker.output()).toContain('heap');
    else expect([end, worker.output()]).toEqual(['SIGKILL', expect.stringContaining('Its event loop was blocked')]);
  }
  const worker = startWorker();
  await worker.line(/a job is set aside/, SOON.timeout);
  const endings = () => worker.output().match(/ends process-inbox/g)?.length ?? 0;
  const before = endings();
  await expect.poll(endings, SOON).toBeGreaterThan(before + 5);
  expect(worker.output()).not.toContain('begins score-leads');

  // The embedded database is served by the worker.
  const { db } = await openDatabaseOf(env);
  expect(await listSkippedJobs(db, [])).toMatchObject([{ job: 'score-leads', starts: 3 }]);
  await rm(file);
  await retryUnfinishedJobs(db);
  await worker.line(/ends score-leads/, SOON.timeout);
  await expect.poll(() => listSkippedJobs(db, []), SOON).toEqual([]);
});
