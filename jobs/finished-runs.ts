// A run (backfill, nightly, recompute) is done when what it set going has reached the CRM: nothing dirty, due or unwritten.

import { pendingWork } from '../src/store/pending-work.ts';
import { countErrors } from '../src/store/record-errors.ts';
import { closeRun, runsUnderWay } from '../src/store/runs.ts';
import type { JobContext } from './context.ts';
import { waitsForThresholds } from './move-thresholds.ts';
import { hasDoneItsPart } from './run-progress.ts';

/** Closes the runs whose own part is over, once nothing is pending. Results that wait for a later try do not hold one up. */
export async function closeFinishedRuns(context: JobContext): Promise<void> {
  const { db, clock, crms } = context;
  const now = clock.now();
  const runs = await runsUnderWay(db);
  const over = runs.filter((run) => hasDoneItsPart(context, run));
  if (over.length === 0) return;
  const { dirty, due, outbox, waiting } = await pendingWork(db, now, [...crms.keys()]);
  if (dirty > 0 || due > 0 || outbox > waiting) return;
  // Of the best share of all leads: what that is, the scoring works out at its end.
  if (over.some((run) => waitsForThresholds(context, run))) return context.ring('score', {});
  const errors = await countErrors(db, [...crms.keys()]);
  for (const run of over) {
    await closeRun(db, run.id, { state: 'done', error: null }, now);
    context.log.info({ run: run.id, job: run.job, errors, waiting }, `${run.job}: done`);
  }
}
