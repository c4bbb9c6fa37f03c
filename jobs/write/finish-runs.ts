// Closes runs (backfill, nightly, recompute, sync): a run is done when none of its work is left to
// read, score or write.
import { countErrors } from '../../src/store/leads/record-errors.ts';
import { activeRuns, closeRun } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';
import { remainingWork } from '../runs/run-progress.ts';

/** Results that wait for a retry do not keep a run open. */
export async function closeFinishedRuns(context: JobContext): Promise<void> {
  const { db, clock, crms, log } = context;
  for (const run of await activeRuns(db)) {
    const remaining = await remainingWork(context, run);
    if (remaining === 'to-update-thresholds') {
      // The last step of score-leads.
      await context.enqueue('score-leads', {});
    } else if (remaining === 'nothing') {
      await closeRun(db, run.id, { state: 'done', error: null }, clock.now());
      const errors = await countErrors(db, [...crms.keys()]);
      const { written = 0, unchanged = 0, below_min_change = 0, respected = 0 } = run.progress;
      const counts = { written, unchanged, below_min_change, respected, errors };
      log.info({ run: run.id, job: run.job, ...counts }, `${run.job}: done`);
    }
  }
}
