// A run (backfill, nightly, recompute) is done when what it set going has reached the CRM: nothing of it is to be read, scored or written.
import { countErrors } from '../../src/store/leads/record-errors.ts';
import { activeRuns, closeRun } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';
import { remainingWork } from '../runs/run-progress.ts';
import { runNeedsThresholds } from '../score/update-thresholds.ts';

/** Closes the runs of which nothing is left. Results that wait for a later try do not hold one up. */
export async function closeFinishedRuns(context: JobContext): Promise<void> {
  const { db, clock, crms, log } = context;
  for (const run of await activeRuns(db)) {
    const left = await remainingWork(context, run);
    if (left === 'to-score') continue;
    // Of the best share of all leads: what that is, the scoring works out at its end.
    if (runNeedsThresholds(context, run)) {
      await context.enqueue('score-leads', {});
    } else if (left === 'nothing') {
      await closeRun(db, run.id, { state: 'done', error: null }, clock.now());
      const errors = await countErrors(db, [...crms.keys()]);
      log.info({ run: run.id, job: run.job, errors }, `${run.job}: done`);
    }
  }
}
