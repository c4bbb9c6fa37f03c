// A worker of the two-scorers test, on the installation of its environment: it runs the jobs that score leads; all other
// jobs do nothing, so that no CRM is called.
import { loadConfig } from '../../../../cli/product/config.ts';
import { openProduct } from '../../../../cli/product/open-product.ts';
import { QUEUE } from '../../../../jobs/job-types.ts';
import { openQueueBackend } from '../../../../jobs/queue/queue-backend.ts';
import { createEnqueue, executeJob, startWorker } from '../../../../jobs/queue/worker.ts';
import { isScoring } from '../../../../jobs/score/parallel-scorers.ts';
import { HEARTBEAT_MS, writeHeartbeat } from '../../../../src/store/sync/heartbeats.ts';

const config = loadConfig(process.env);
const clock = { now: () => new Date() };
const print = (_details: object, message: string) => console.log(message);
const { context, database } = await openProduct(config, { clock, log: { info: print, warn: print, error: print } });
const { connection, embedded } = database;
const backend = await openQueueBackend({ redisUrl: config.redisUrl, connection, embedded });
const enqueue = createEnqueue(backend.queue<unknown>(QUEUE));
const writeOwnHeartbeat = () => writeHeartbeat(context.db, { id: `${process.pid}`, roles: 'worker' }, clock.now());

await writeOwnHeartbeat();
setInterval(writeOwnHeartbeat, HEARTBEAT_MS);
startWorker(
  backend,
  { ...context, enqueue },
  {
    execute: async (_context, job, payload) => {
      if (job !== 'score-leads' && job !== 'score-more-leads') return;
      if (job === 'score-leads' || !isScoring(context)) console.log(`begins ${job}`);
      await executeJob({ ...context, enqueue }, job, payload);
      console.log(`ends ${job}`);
    },
  },
);
console.log('works');
process.stdin.on('data', () => enqueue('score-leads', {}));
