// Deletes old rows, in batches: a purge that is killed goes on where it was, at the job's next attempt or in
// the next night.
import { purgeOldMoves } from '../../src/store/guard/moves.ts';
import { purgeEventKeys } from '../../src/store/inbox/event-keys.ts';
import { purgeQuarantine } from '../../src/store/inbox/quarantine.ts';
import { purgeThresholdHistory } from '../../src/store/leads/band-thresholds.ts';
import { purgeConflicts } from '../../src/store/records/field-conflicts.ts';
import { advanceBounds } from '../../src/store/retention/activity-bounds.ts';
import { purgeLeadRows, purgeTombstones } from '../../src/store/retention/purge-lead-rows.ts';
import { purgeResults } from '../../src/store/retention/purge-results.ts';
import { purgeModels, purgeRuns } from '../../src/store/retention/purge-runs.ts';
import { vacuum } from '../../src/store/retention/vacuum.ts';
import type { JobContext } from '../context.ts';
import { activityBounds } from './activity-bounds.ts';

const DAY_MS = 86_400_000;

type PurgeContext = Pick<
  JobContext,
  'db' | 'clock' | 'retention' | 'signal' | 'log' | 'crms' | 'model' | 'hasAutovacuum'
>;

export async function purgeOldRows(context: PurgeContext): Promise<void> {
  const { db, clock, retention, signal, log, hasAutovacuum } = context;
  const now = clock.now();
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
  await purgeEventKeys(db, now);
  await purgeQuarantine(db, now);
  await purgeConflicts(db, now);
  await purgeOldMoves(db, now);
  const results = await purgeResults(db, { now, retention, signal });
  await advanceBounds(db, await activityBounds(context));
  const { activities, fieldValues } = await purgeLeadRows(db, {
    // A replay goes back as far as the history.
    replacedBefore: before(Math.max(retention.activityDays, retention.historyDays)),
    signal,
  });
  const tombstones = await purgeTombstones(db, { before: before(retention.historyDays), signal });
  const runs = await purgeRuns(db, before(retention.historyDays));
  const thresholds = await purgeThresholdHistory(db, before(retention.historyDays));
  const models = await purgeModels(db, before(retention.historyDays));
  if (!hasAutovacuum) await vacuum(db, signal);
  const counts = { results, activities, fieldValues, tombstones, runs, thresholds, models };
  if (Object.values(counts).some((count) => count > 0)) log.info(counts, 'deleted what is older than it is kept');
}
