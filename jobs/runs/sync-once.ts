// A sync: the work of one poll (read, score, write), as a run that a caller can wait for.
import { saveRunSteps } from '../../src/store/sync/run-steps.ts';
import { openRun, type Run } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';

/**
 * Opens a run and enqueues its jobs. The run is done when every change that the sync found has
 * reached the CRM.
 */
export async function syncOnce(context: JobContext): Promise<Run> {
  const now = context.clock.now();
  const run = await openRun(context.db, { job: 'sync', slot: null, state: 'running' }, now);
  if (!run) throw new Error('The run of a sync could not be opened.');
  await saveRunSteps(context.db, run.id, [{ step: 'work-marked', completedAt: now }], { now });
  for (const crm of context.crms.keys()) await context.enqueue('sync-streams', { crm });
  return run;
}
