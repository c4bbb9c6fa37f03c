// A process of the queue-backend test: runs the jobs of the queue `leads`. Argument: the duration
// of a job (ms).
import { setTimeout as sleep } from 'node:timers/promises';
import { openQueueBackend } from '../../../../jobs/queue/queue-backend.ts';
import { openDatabase } from '../../../../src/store/open-database.ts';

const [duration = '0'] = process.argv.slice(2);
const { connection, embedded } = await openDatabase({
  databaseUrl: process.env.DATABASE_URL,
  dataDir: process.env.DATA_DIR ?? '',
});
const backend = await openQueueBackend({ redisUrl: process.env.REDIS_URL, connection, embedded });
const work = async (job: { data: { lead: string } }) => {
  console.log(`begins ${job.data.lead}`);
  await sleep(Number(duration));
  console.log(`ends ${job.data.lead}`);
};
backend.worker<{ lead: string }>('leads', work, { concurrency: 2 });
console.log('works');
