// Sets a job aside that ends its process again and again: out of memory, or killed by the watchdog
// because it blocked the event loop. Without it, such a job would stop all others at each start.
import { beginJob, endJob } from '../../src/store/set-aside/unfinished-jobs.ts';
import type { JobContext } from '../context.ts';
import { type JobName, type JobPayloads, jobKey } from '../job-types.ts';

/**
 * Runs a job unless it is set aside. The next poll enqueues again what was skipped, or the job that
 * enqueues it; refresh-records, which sync-streams enqueues at its end, is enqueued here.
 * @throws what the job throws, or an error of the database before the job begins
 */
export async function runGuarded(
  context: JobContext,
  job: JobName,
  payload: JobPayloads[JobName],
  work: () => Promise<void>,
): Promise<void> {
  const { db, clock, log, signal } = context;
  const crm = 'crm' in payload ? payload.crm : null;
  const key = jobKey(job, payload);
  const begun = await beginJob(db, { key, job, crm }, clock.now());
  if (begun === 'set-aside') {
    log.warn({ job, crm }, 'a job is set aside: the process ended each time while it ran; see npx leadgrade doctor');
    if (job === 'sync-streams' && crm !== null) await context.enqueue('refresh-records', { crm });
  }
  if (begun !== 'begun') return;
  // A row that stays behind after an outage of the database counts as one start, until the next end.
  const end = async () => {
    const isRecovered = await endJob(db, key).catch(() => false);
    if (isRecovered) log.info({ job, crm }, 'a job is no longer set aside');
  };
  // A process that is told to stop may end before its jobs do. They have not failed.
  signal.addEventListener('abort', end, { once: true });
  try {
    await work();
  } finally {
    signal.removeEventListener('abort', end);
    await end();
  }
}
