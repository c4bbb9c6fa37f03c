// The worker: takes jobs from the queue, parses their payloads and runs them.
import { createThrottledLog } from '../../src/runtime/throttled-log.ts';
import { withAppliedModels } from '../applied-model.ts';
import type { JobContext } from '../context.ts';
import { fetchNamedItems } from '../ingest/fetch-named-items.ts';
import { matchSiteEvents } from '../ingest/match-site-events.ts';
import { processInbox } from '../ingest/process-inbox.ts';
import {
  bullJobOptions,
  type EnqueueOptions,
  isDelayedKey,
  JOBS,
  type JobName,
  type JobPayloads,
  jobKey,
  QUEUE,
  workerConcurrency,
} from '../job-types.ts';
import { pollFastStreams } from '../read/poll-fast-streams.ts';
import { refreshRecords } from '../read/refresh-records.ts';
import { syncStreams } from '../read/sync-streams.ts';
import { proveProgress } from '../schedule/canary.ts';
import { runNightly } from '../schedule/nightly.ts';
import { poll } from '../schedule/poll.ts';
import { purgeOldRows } from '../schedule/purge-old-rows.ts';
import { scoreLeads } from '../score/score-leads.ts';
import { scoreMoreLeads } from '../score/score-more-leads.ts';
import { writeScores } from '../write/write-scores.ts';
import { runGuarded } from './crash-guard.ts';
import type { JobProcessor, JobQueue, JobWorker, QueueBackend } from './queue-backend.ts';

const PROCESSORS: Readonly<Record<JobName, (context: JobContext, data: unknown) => Promise<void>>> = {
  poll: (context) => poll(context),
  canary: (context) => proveProgress(context),
  'process-inbox': (context) => processInbox(context),
  'match-site-events': (context) => matchSiteEvents(context),
  'fetch-items': (context, data) => fetchNamedItems(context, JOBS['fetch-items'].payload.parse(data)),
  'poll-fast-streams': (context, data) => pollFastStreams(context, JOBS['poll-fast-streams'].payload.parse(data)),
  'sync-streams': (context, data) => syncStreams(context, JOBS['sync-streams'].payload.parse(data)),
  'refresh-records': (context, data) => refreshRecords(context, JOBS['refresh-records'].payload.parse(data)),
  'score-leads': (context) => scoreLeads(context),
  'score-more-leads': (context) => scoreMoreLeads(context),
  'write-scores': (context, data) => writeScores(context, JOBS['write-scores'].payload.parse(data)),
  nightly: (context) => runNightly(context),
  'purge-old-rows': (context) => purgeOldRows(context),
};

function isJobName(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}

/** Runs one job with the applied model. @throws ZodError for a payload that is not the job's */
export async function executeJob(context: JobContext, job: JobName, payload: unknown): Promise<void> {
  await PROCESSORS[job](await withAppliedModels(context), payload);
}

interface WorkerOptions {
  /** Called when a job has used up its attempts. */
  readonly onGivenUp?: (reason: string) => void;
  /** Runs a job. */
  readonly execute?: typeof executeJob;
}

/**
 * Starts to run jobs. An unknown job, of another version, fails; its work items stay in the store.
 */
export function startWorker(
  backend: QueueBackend,
  context: JobContext,
  { onGivenUp = () => {}, execute = executeJob }: WorkerOptions = {},
): JobWorker<unknown> {
  const process: JobProcessor<unknown> = async (job) => {
    if (!isJobName(job.name)) throw new Error(`Unknown job "${job.name}": another version enqueued it.`);
    try {
      // A delayed job re-enqueues itself under its normal key. Run here, it could run concurrently
      // with the same job.
      const { name, data } = job;
      const payload = parsePayload(name, data);
      if (isDelayedKey(job.opts.deduplication?.id)) await context.enqueue(name, payload);
      else await runGuarded(context, name, payload, () => execute(context, name, payload));
    } catch (error) {
      throw redactValues(error);
    }
  };
  const worker = backend.worker<unknown>(QUEUE, process, { concurrency: workerConcurrency(context.crms.size) });
  const logFailure = createThrottledLog(
    { warn: (details, message) => context.log.error(details, message) },
    context.clock,
  );
  worker.on('failed', (job, error) => {
    const details = { job: job?.name, attempt: job?.attemptsMade, error: error.message };
    logFailure(`${job?.name} ${error.message}`, details, 'job failed');
    if (!job) return;
    if (error.name === STALLED && isJobName(job.name)) {
      const message = 'the process of a job ended several times while it ran; the job is enqueued again';
      context.log.warn({ job: job.name }, message);
      context.enqueue(job.name, parsePayload(job.name, job.data)).catch(() => undefined);
    } else if (job.attemptsMade >= (job.opts.attempts ?? 1)) {
      onGivenUp(`The job "${job.name}" failed: ${error.message}`);
    }
  });
  return worker;
}

/**
 * The error of BullMQ for a job that it gives up without running it, as its process was killed more
 * often than `maxStalledCount`. Its work items are still in the database, and no attempt has failed.
 */
const STALLED = 'UnrecoverableError';

/**
 * Database errors quote values, which can be personal data. Neither the log nor the queue, which
 * stores errors, may have them.
 */
function redactValues(error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return new Error(`${name}: ${message.replaceAll(/"[^"]*"|'[^']*'/g, '"..."').slice(0, 300)}${code}`);
}

function parsePayload<N extends JobName>(job: N, data: unknown): JobPayloads[N];
function parsePayload(job: JobName, data: unknown): JobPayloads[JobName] {
  return JOBS[job].payload.parse(data);
}

/** Implements JobContext.enqueue on a queue. */
export function createEnqueue(queue: JobQueue<unknown>): JobContext['enqueue'] {
  return async <N extends JobName>(job: N, payload: JobPayloads[N], options: EnqueueOptions = {}): Promise<void> => {
    await queue.add(job, payload, bullJobOptions(job, jobKey(job, payload), options));
  };
}
