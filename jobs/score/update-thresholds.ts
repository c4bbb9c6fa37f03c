// Computes the thresholds of percentile bands (`top: 5%`) in points: once a night, after the leads
// of the night are scored, and once for a model without thresholds. Only the leads that a moved
// threshold concerns become due again.
import type { Transaction } from 'kysely';
import { type ScoreCount, scoreOfBestShare } from '../../src/scoring/best-share.ts';
import { type Basis, countByScore, markDueByThreshold, saveThresholds } from '../../src/store/leads/band-thresholds.ts';
import { lockScoring } from '../../src/store/models/scoring-config.ts';
import { hasDue } from '../../src/store/sync/remaining-work.ts';
import { completeStepOnce } from '../../src/store/sync/run-steps.ts';
import { activeRuns, type Run } from '../../src/store/sync/runs.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import type { JobContext, ScoredModel } from '../context.ts';
import { remainingWork } from '../runs/run-progress.ts';
import {
  appliedThresholds,
  hasThresholds,
  initialThresholdOf,
  type PercentileBand,
  percentileBands,
  thresholdsFor,
} from './percentile-bands.ts';

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
  const ranked = context.models.flatMap((model) => {
    const { basis } = model.compiled.status;
    const bands = percentileBands(model.compiled.status);
    return basis === 'matrix' || bands.length === 0 ? [] : [{ model, basis, bands }];
  });
  if (ranked.length === 0) return 0;
  const runs = await runsToUpdate(context);
  const current = await appliedThresholds(context);
  const initial = ranked.filter(({ model }) => !hasThresholds(current, model));
  if (runs.length === 0 && (initial.length === 0 || (await hasDue(db, startedAt)))) return 0;
  const initialCause = initialThresholdOf(initial.map(({ model }) => model));
  const updates = ranked.map((each) => ({
    ...each,
    current: thresholdsFor(current, each.model),
    inputsHash,
    initialCause,
  }));
  const moved = await saveAndMarkDue(context, updates);
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
  readonly model: ScoredModel;
  readonly basis: Basis;
  readonly bands: readonly PercentileBand[];
  /** In points, by band. */
  readonly current: Readonly<Record<string, number>>;
  readonly inputsHash: string;
  /** The cause of leads that the first threshold of a band concerns. */
  readonly initialCause: string;
}

function saveAndMarkDue({ db, clock }: JobContext, updates: readonly ThresholdUpdate[]): Promise<number> {
  const now = clock.now();
  return db.transaction().execute(async (tx) => {
    // Otherwise another worker could save a result of the former thresholds after this update.
    await lockScoring(tx);
    let moved = 0;
    for (const update of updates) moved += await updateModel(tx, update, now);
    return moved;
  });
}

async function updateModel(
  tx: Transaction<Tables>,
  { model, basis, bands, current, inputsHash, initialCause }: ThresholdUpdate,
  now: Date,
): Promise<number> {
  const allBands = model.compiled.status.bands;
  const score = { basis, model: model.key };
  const counts = await countByScore(tx, score, inputsHash);
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
      stored === undefined ? { hysteresis: 0, cause: initialCause } : { hysteresis: band.hysteresis, cause: MOVED };
    moved += await markDueByThreshold(tx, score, { from, to: points, inside, ...reason }, now);
  }
  return moved;
}

/** The score that the best share of all leads reaches, but at least the floor of the band. */
function thresholdOf(band: PercentileBand, counts: readonly ScoreCount[]): number {
  return Math.max(scoreOfBestShare(counts, band.top) ?? band.points, band.points);
}
