// A worker of the poison-job test, on the installation of its environment. While the file
// POISON_FILE exists, the job `score-leads` does what it contains: `memory` uses up the memory,
// `loop` blocks the event loop. All other jobs do nothing.
import { existsSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { loadModel } from '../../../../cli/product/files/load-model.ts';
import { loadPeople } from '../../../../cli/product/files/load-people.ts';
import { shippedFile } from '../../../../cli/product/files/shipped-file.ts';
import { type JobContext, onlyModel } from '../../../../jobs/context.ts';
import { QUEUE } from '../../../../jobs/job-types.ts';
import { openQueueBackend } from '../../../../jobs/queue/queue-backend.ts';
import { createEnqueue, startWorker } from '../../../../jobs/queue/worker.ts';
import { startWatchdog } from '../../../../src/runtime/watchdog.ts';
import { openDatabase } from '../../../../src/store/open-database.ts';

const ENQUEUE_EVERY_MS = 300;
/** 40 MB. */
const NUMBERS = 5_000_000;

const { DATABASE_URL, DATA_DIR = '', REDIS_URL, POISON_FILE = '', BLOCKED_MS } = process.env;
const { db, connection, embedded } = await openDatabase({ databaseUrl: DATABASE_URL, dataDir: DATA_DIR });
const backend = await openQueueBackend({ redisUrl: REDIS_URL, connection, embedded });
const { compiled, text } = await loadModel(shippedFile('mappings/model.yaml'));
const print = (_details: object, message: string) => console.log(message);
const model = onlyModel({ compiled, text, hash: 'model' });
const context: JobContext = {
  ...{ db, crms: new Map(), model, models: [model] },
  ...{ people: await loadPeople(), titles: { addFields: (fields) => fields, hash: 'titles' } },
  ...{
    nightly: '0 2 * * *',
    timezone: 'UTC',
    clock: { now: () => new Date() },
    debounceMs: 0,
    reconcileDays: 3,
    guardShare: 0.2,
    maxScorers: 1,
    hasAutovacuum: true,
    retention: { historyDays: 400, statusHistoryDays: 730, activityDays: 730 },
    asOf: null,
  },
  log: { info: print, warn: print, error: print },
  signal: new AbortController().signal,
  enqueue: createEnqueue(backend.queue<unknown>(QUEUE)),
};

async function useUpMemory(): Promise<never> {
  const held: number[][] = [];
  for (;;) {
    held.push(new Array<number>(NUMBERS).fill(0.5));
    await nextTurn();
  }
}

function blockEventLoop(): never {
  for (;;);
}

async function execute(_context: JobContext, job: string): Promise<void> {
  console.log(`begins ${job}`);
  if (job === 'score-leads' && existsSync(POISON_FILE)) {
    if (readFileSync(POISON_FILE, 'utf8') === 'loop') blockEventLoop();
    await useUpMemory();
  }
  console.log(`ends ${job}`);
}

startWatchdog({ limitMs: Number(BLOCKED_MS) });
startWorker(backend, context, { execute });
setInterval(() => {
  for (const job of ['score-leads', 'process-inbox'] as const) context.enqueue(job, {}).catch(() => undefined);
}, ENQUEUE_EVERY_MS);
console.log('works');
