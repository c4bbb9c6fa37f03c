// The schedules of the queue: jobs that BullMQ enqueues repeatedly.
import { type JobName, type JobPayloads, jobKey } from '../job-types.ts';
import type { JobQueue, QueueBackend } from './queue-backend.ts';

/** A job that is enqueued every `seconds`. */
export type RepeatableJob = {
  [N in JobName]: { readonly job: N; readonly payload: JobPayloads[N]; readonly seconds: number };
}[JobName];

/** A schedule may lie ahead by its interval, and by the difference of two machines' clocks. */
const MAX_SKEW_MS = 60_000;

/**
 * Makes BullMQ enqueue these jobs repeatedly, from any process that is up. Removes all others: a
 * CRM or a stream may have been removed from the settings. Makes a schedule again if its next run
 * lies further ahead than its interval: the clock was ahead when it was made. Idempotent.
 * @param now epoch ms
 * @returns whether the clock was ahead
 * @throws when Redis or the database does not respond
 */
export async function syncRepeatableJobs(
  backend: QueueBackend,
  queue: JobQueue<unknown>,
  repeatableJobs: readonly RepeatableJob[],
  now: number,
): Promise<boolean> {
  const wanted = new Map(repeatableJobs.map((repeated) => [jobKey(repeated.job, repeated.payload), repeated]));
  const schedulers = await queue.getJobSchedulers();
  const isAhead = ({ every = 0, next = 0 }: (typeof schedulers)[number]) => next > now + every + MAX_SKEW_MS;
  const wasClockAhead = schedulers.some(isAhead);
  const known = new Map<string, number | undefined>();
  for (const scheduler of schedulers) {
    // BullMQ leaves a schedule of the same interval as it is, so it is removed first.
    if (isAhead(scheduler) || !wanted.has(scheduler.key)) await queue.removeJobScheduler(scheduler.key);
    else known.set(scheduler.key, scheduler.every);
  }
  for (const [id, { job, payload, seconds }] of wanted) {
    const every = seconds * 1_000;
    if (known.get(id) !== every) await queue.upsertJobScheduler(id, { every }, { name: job, data: payload });
  }
  if (wasClockAhead) await releaseFutureJobs(backend, queue, now);
  return wasClockAhead;
}

/** Delayed jobs that were enqueued by a clock that was ahead run now; locks of that clock end. */
async function releaseFutureJobs(backend: QueueBackend, queue: JobQueue<unknown>, now: number): Promise<void> {
  await backend.releaseFutureLocks(queue.name, now);
  for (const job of await queue.getDelayed()) {
    if (job.timestamp <= now + MAX_SKEW_MS) continue;
    const key = job.opts.deduplication?.id;
    if (key !== undefined) await queue.removeDeduplicationKey(key);
    // A worker may have promoted it meanwhile.
    await job.promote().catch(() => undefined);
  }
}
