// `backfill` and `recompute`: opens a run, enqueues its job and follows it to its end. A running
// service does the work; without one, this process does.
import { applyFirstModels } from '../../jobs/applied-model.ts';
import type { EnqueueOptions } from '../../jobs/job-types.ts';
import { shortHash } from '../../src/domain/texts/model-name.ts';
import { retrySetAside } from '../../src/store/set-aside/set-aside.ts';
import { retryUnfinishedJobs } from '../../src/store/set-aside/unfinished-jobs.ts';
import { clearPause } from '../../src/store/sync/crm-pauses.ts';
import { isWorkerAlive } from '../../src/store/sync/heartbeats.ts';
import { closeRun, findUnfinishedRun, openRun, type Run } from '../../src/store/sync/runs.ts';
import { recheckAvailability } from '../../src/store/sync/stream-availability.ts';
import { findUnappliedFile } from '../model-files/versions/unapplied-file.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import type { Product } from '../product/open-product.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { followRun, reportRun } from './follow-run.ts';

interface RunJob {
  readonly job: 'backfill' | 'recompute';
  readonly asOf: Date | undefined;
  readonly json: boolean;
  readonly enqueue: (product: Product, run: Run, options: EnqueueOptions) => Promise<void>;
}

export async function startRun(io: CommandIo, { job, asOf, json, enqueue }: RunJob): Promise<void> {
  await withProduct(io, { asOf, logErrorsOnly: true }, async (product, { modelFile }) => {
    const { db, clock } = product.context;
    const isServiceRunning = await isWorkerAlive(db, clock.now());
    if (isServiceRunning && asOf) {
      throw new ConfigurationError('--as-of: a service runs on this database and scores as of now. Stop it first.');
    }
    await sayModel(io, product, modelFile);
    // A run that was killed is continued, not started again.
    const run =
      (await findUnfinishedRun(db, job)) ?? (await openRun(db, { job, slot: null, state: 'running' }, clock.now()));
    if (!run) throw new Error(`The run of ${job} could not be opened.`);
    await clearPauses(product, job);
    // In this process a failed job is not enqueued again: the run ends with its error.
    const giveUp = (error: string) => {
      closeRun(db, run.id, { state: 'failed', error }, clock.now()).catch(() => io.stderr.write(`${error}\n`));
    };
    let isWorking = !isServiceRunning;
    if (isServiceRunning) io.stderr.write(`${job}: submitted to the running service.\n`);
    else product.work(giveUp);
    // A job that a killed process left behind is found and continued; a second one would read
    // everything twice.
    await enqueue(product, run, { skipIfActive: !isServiceRunning });
    // The service may have been killed a moment ago, or may be stopped during the run.
    const continueHere = async () => {
      if (isWorking || (await isWorkerAlive(db, clock.now()))) return;
      io.stderr.write(`${job}: the service has stopped; continuing in this process.\n`);
      isWorking = true;
      product.work(giveUp);
    };
    reportRun(io, job, await followRun(product, run.id, io, continueHere), json);
  });
}

/** The first run of an installation applies its model file; a later change of the file is only said. */
async function sayModel(io: CommandIo, { context }: Product, modelFile: string): Promise<void> {
  if (await applyFirstModels(context)) {
    const names = context.models.map(({ compiled, hash }) => `${compiled.id}, ${shortHash(hash)}`).join('; ');
    io.stderr.write(`No model was applied before: ${modelFile} (${names}) is applied now.\n`);
  }
  const unapplied = await findUnappliedFile(modelFile, context.models);
  if (unapplied !== null) io.stderr.write(`warning: ${unapplied.message} ${unapplied.fix}\n`);
}

/** The operator may have fixed the reason of a pause before the start of the run. */
async function clearPauses({ context: { db, clock, crms } }: Product, job: RunJob['job']): Promise<void> {
  for (const crm of crms.keys()) {
    await clearPause(db, { crm, direction: 'read', before: clock.now() });
    await clearPause(db, { crm, direction: 'write', before: clock.now() });
    if (job === 'backfill') await recheckAvailability(db, crm);
  }
  await retrySetAside(db, clock.now());
  await retryUnfinishedJobs(db);
}
