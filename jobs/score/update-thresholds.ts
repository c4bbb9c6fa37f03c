// Computes the thresholds of percentile bands (`top: 5%`) in points: once a night, after the leads
// of the night are scored, and once for a model without thresholds. Only the leads that a moved
// threshold concerns become due again.
import { type ScoreCount, scoreOfBestShare } from '../../src/scoring/best-share.ts';
import { type Basis, countByScore, markDueByThreshold, saveThresholds } from '../../src/store/leads/band-thresholds.ts';
import { lockScoring } from '../../src/store/models/scoring-config.ts';
import { hasDue } from '../../src/store/sync/remaining-work.ts';
import { completeStepOnce } from '../../src/store/sync/run-steps.ts';
import { activeRuns, type Run } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';
import { remainingWork } from '../runs/run-progress.ts';
import { appliedThresholds, INITIAL_THRESHOLD, type PercentileBand, percentileBands } from './percentile-bands.ts';

const MOVED = 'threshold';

/**
 * Call it when all due leads are scored. Does nothing without percentile bands, and during the day
 * unless the model has no thresholds yet. A nightly update waits until all work of its run is
 * scored. The first update does not wait for unread records, because nothing is written before it.
 * Thresholds and due marks are saved in one transaction: a killed process does it again, or finds
 * that no threshold moved.
 * @param inputsHash only leads that were scored with these inputs count
 * @param startedAt start of the scoring: leads that are due since then are not waited for
 * @returns the number of leads that are due again
 */
export async function updateBandThresholds(context: JobContext, inputsHash: string, startedAt: Date): Promise<number> {
  const { db, clock } = context;
  const { basis } = context.model.compiled.status;
  const bands = percentileBands(context.model.compiled.status);
  if (basis === 'matrix' || bands.length === 0) return 0;
  const runs = await runsToUpdate(context);
  const current = await appliedThresholds(context);
  const isFirst = !bands.every(({ id }) => Object.hasOwn(current, id));
  if (runs.length === 0 && (!isFirst || (await hasDue(db, startedAt)))) return 0;
  const moved = await saveAndMarkDue(context, basis, { bands, current, inputsHash });
  // An update before all work of a run was scored does not complete its step: the run gets another
  // one.
  for (const { id } of runs) {
    await completeStepOnce(db, id, { step: 'thresholds-updated', detail: { moved } }, clock.now());
  }
  return moved;
}

async function runsToUpdate(context: JobContext): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (const run of await activeRuns(context.db)) {
    if ((await remainingWork(context, run)) === 'to-update-thresholds') runs.push(run);
  }
  return runs;
}

interface ThresholdUpdate {
  readonly bands: readonly PercentileBand[];
  /** In points, by band. */
  readonly current: Readonly<Record<string, number>>;
  readonly inputsHash: string;
}

function saveAndMarkDue(
  { db, clock, model }: JobContext,
  basis: Basis,
  { bands, current, inputsHash }: ThresholdUpdate,
): Promise<number> {
  const now = clock.now();
  const allBands = model.compiled.status.bands;
  return db.transaction().execute(async (tx) => {
    // Otherwise another worker could save a result of the former thresholds after this update.
    await lockScoring(tx);
    const counts = await countByScore(tx, basis, inputsHash);
    const leads = counts.reduce((sum, count) => sum + count.leads, 0);
    const thresholds = bands.map((band) => ({ band, points: thresholdOf(band, counts) }));
    const rows = thresholds.map(({ band, points }) => ({ band: band.id, points, leads, computed_at: now }));
    await saveThresholds(tx, model.hash, rows);
    let moved = 0;
    for (const { band, points } of thresholds) {
      const stored = current[band.id];
      // A band without a stored threshold was scored with its floor, which is `band.points`.
      const from = Math.max(stored ?? band.points, band.points);
      if (from === points) continue;
      const inside = allBands.slice(0, allBands.indexOf(band) + 1).map(({ id }) => id);
      const reason =
        stored === undefined
          ? { hysteresis: 0, cause: INITIAL_THRESHOLD }
          : { hysteresis: band.hysteresis, cause: MOVED };
      moved += await markDueByThreshold(tx, basis, { from, to: points, inside, ...reason }, now);
    }
    return moved;
  });
}

/** The score that the best share of all leads reaches, but at least the floor of the band. */
function thresholdOf(band: PercentileBand, counts: readonly ScoreCount[]): number {
  return Math.max(scoreOfBestShare(counts, band.top) ?? band.points, band.points);
}
