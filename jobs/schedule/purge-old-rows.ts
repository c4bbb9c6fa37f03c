// Deletes old rows, in batches: a purge that is killed goes on where it was, at the job's next attempt or in
// the next night.
import { purgeEventKeys } from '../../src/store/inbox/event-keys.ts';
import { purgeQuarantine } from '../../src/store/inbox/quarantine.ts';
import { purgeConflicts } from '../../src/store/records/field-conflicts.ts';
import { purgeResults } from '../../src/store/retention/purge-results.ts';
import { purgeModels, purgeRuns } from '../../src/store/retention/purge-runs.ts';
import type { JobContext } from '../context.ts';

const DAY_MS = 86_400_000;

export async function purgeOldRows({
  db,
  clock,
  retention,
  signal,
  log,
}: Pick<JobContext, 'db' | 'clock' | 'retention' | 'signal' | 'log'>): Promise<void> {
  const now = clock.now();
  await purgeEventKeys(db, now);
  await purgeQuarantine(db, now);
  await purgeConflicts(db, now);
  const oldest = new Date(now.getTime() - retention.historyDays * DAY_MS);
  const results = await purgeResults(db, { now, retention, signal });
  const runs = await purgeRuns(db, oldest);
  const models = await purgeModels(db, oldest);
  if (results + runs + models > 0)
    log.info({ results, runs, models }, 'deleted what is older than the history is kept');
}
