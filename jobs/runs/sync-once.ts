// A round: what a tick sets going (read, score, write), as a run that can be waited for.
import { mergeRunProgress, openRun, type Run } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';

/** Opens a run and rings for a round; the run is done when all that the round found has reached the CRM. */
export async function syncOnce(context: JobContext): Promise<Run> {
  const now = context.clock.now();
  const run = await openRun(context.db, { job: 'round', slot: null, state: 'running' }, now);
  if (!run) throw new Error('The run of a round could not be opened.');
  await mergeRunProgress(context.db, run.id, { marked: true }, now);
  for (const crm of context.crms.keys()) await context.enqueue('sync-streams', { crm });
  return run;
}
