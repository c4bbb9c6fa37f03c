// The worker: takes jobs from the queue, parses their payloads at the door, runs them.
import type { JobContext } from './context.ts';
import { nightlyRecompute } from './nightly-recompute.ts';
import { pullChanges } from './pull-changes.ts';
import type { JobProcessor, JobQueue, JobWorker, QueueBackend } from './queue-backend.ts';
import { CONCURRENCY, JOBS, type JobName, type JobPayloads, optionsOf, QUEUE, type RingManner } from './queues.ts';
import { refreshLeads } from './refresh-leads.ts';
import { scoreLeads } from './score-leads.ts';
import { tick } from './tick.ts';
import { writeBack } from './write-back.ts';

const RUN: Readonly<Record<JobName, (context: JobContext, data: unknown) => Promise<void>>> = {
  tick: (context) => tick(context),
  pull: (context, data) => pullChanges(context, JOBS.pull.payload.parse(data)),
  refresh: (context, data) => refreshLeads(context, JOBS.refresh.payload.parse(data)),
  score: (context) => scoreLeads(context),
  write: (context, data) => writeBack(context, JOBS.write.payload.parse(data)),
  nightly: (context) => nightlyRecompute(context),
};

function isJobName(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}

/** Runs one job. @throws ZodError for a payload that is not the job's */
export async function runJob(context: JobContext, job: JobName, payload: unknown): Promise<void> {
  await RUN[job](context, payload);
}

/** Starts to take jobs. Jobs of a version that knows others are failed, not lost: their work stands in the store. */
export function startWorker(backend: QueueBackend, context: JobContext): JobWorker<unknown> {
  const process: JobProcessor<unknown> = async (job) => {
    if (!isJobName(job.name)) throw new Error(`There is no job "${job.name}" in this version.`);
    await runJob(context, job.name, job.data);
  };
  const worker = backend.worker<unknown>(QUEUE, process, { concurrency: CONCURRENCY });
  worker.on('failed', (job, error) => {
    context.log.error({ job: job?.name, attempt: job?.attemptsMade, ...withoutData(error) }, 'a job failed');
  });
  return worker;
}

/** Database errors quote values, and values can be personal: only their kind is logged. */
function withoutData(error: Error): { error: string; code?: string } {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { error: error.message.replaceAll(/"[^"]*"|'[^']*'/g, '"..."').slice(0, 300), ...code };
}

/** A bell for jobs on a queue (see JobContext.ring). */
export function bell(queue: JobQueue<unknown>): JobContext['ring'] {
  return async <N extends JobName>(job: N, payload: JobPayloads[N], manner: RingManner = {}): Promise<void> => {
    await queue.add(job, payload, optionsOf(job, keyOf(job, payload), manner));
  };
}

function keyOf(job: JobName, payload: JobPayloads[JobName]): string {
  return 'crm' in payload ? `${job}-${payload.crm}` : job;
}

/** Has BullMQ ring `tick` every `seconds`, from whichever process is up, unless it does so already. */
export async function scheduleTicks(queue: JobQueue<unknown>, seconds: number): Promise<void> {
  const known = await queue.getJobScheduler('tick');
  if (known?.every === seconds * 1_000) return;
  await queue.upsertJobScheduler('tick', { every: seconds * 1_000 }, { name: 'tick', data: {} });
}
