// Computes the thresholds of bands with `top` or `capacity` in points: once a night, after the leads of the night are
// scored, and once for a model without thresholds. Only the leads that a moved threshold concerns become due again; that
// of a band with a capacity concerns leads whose points rise later.
import { type ScoreCount, scoreOfBestShare } from '../../src/scoring/best-share.ts';
import { capacityLines } from '../../src/scoring/capacity/capacity-texts.ts';
import type { CompiledBand } from '../../src/scoring/status.ts';
import {
  type Basis,
  type ComputedThreshold,
  countByScore,
  markDueByThreshold,
  type StoredThreshold,
  saveThresholds,
  type ThresholdChange,
  thresholdsOf,
} from '../../src/store/leads/band-thresholds.ts';
import { lockScoring } from '../../src/store/models/scoring-config.ts';
import { hasDue } from '../../src/store/sync/remaining-work.ts';
import { completeStepOnce } from '../../src/store/sync/run-steps.ts';
import { activeRuns, type Run } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';
import { remainingWork } from '../runs/run-progress.ts';
import { type CapacityResult, firstCapacities, nextCapacities } from './capacity-thresholds.ts';
import { INITIAL_THRESHOLD, movingBands } from './moving-bands.ts';

const MOVED = 'threshold';

/**
 * Call it when all due leads are scored. Does nothing without such bands, and during the day
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
  const bands = movingBands(context.model.compiled.status);
  if (basis === 'matrix' || bands.length === 0) return 0;
  const runs = await runsToUpdate(context);
  const stored = new Map((await thresholdsOf(db, context.model.hash)).map((each) => [each.band, each]));
  const missing = bands.filter(({ id }) => !stored.has(id));
  if (runs.length === 0 && (missing.length === 0 || (await hasDue(db, startedAt)))) return 0;
  const now = clock.now();
  const first = await firstCapacities(context, missing, now.getTime());
  const next = await nextCapacities(db, basis, { bands, stored, now });
  const moved = await saveAndMarkDue(context, basis, {
    ...{ bands, stored, inputsHash },
    capacities: new Map([...first, ...next]),
  });
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
  readonly bands: readonly CompiledBand[];
  readonly stored: ReadonlyMap<string, StoredThreshold>;
  /** Of the bands with a capacity; a band without one keeps its threshold. */
  readonly capacities: ReadonlyMap<string, CapacityResult>;
  readonly inputsHash: string;
}

function saveAndMarkDue(
  { db, clock, model, log }: JobContext,
  basis: Basis,
  { bands, stored, capacities, inputsHash }: ThresholdUpdate,
): Promise<number> {
  const now = clock.now();
  const allBands = model.compiled.status.bands;
  return db.transaction().execute(async (tx) => {
    // Otherwise another worker could save a result of the former thresholds after this update.
    await lockScoring(tx);
    const counts = bands.some(({ top }) => top !== null) ? await countByScore(tx, basis, inputsHash) : [];
    const thresholds: ComputedThreshold[] = [];
    let moved = 0;
    for (const band of bands) {
      const before = stored.get(band.id);
      const computed = band.top === null ? capacities.get(band.id) : ofBestShare(band, counts);
      // Too little history for a capacity: the threshold stays.
      if (computed === undefined) continue;
      thresholds.push({ ...computed, band: band.id, computed_at: now });
      const change = changeOf(band, allBands, { before, points: computed.points });
      if (change !== null) moved += await markDueByThreshold(tx, basis, change, now);
    }
    await saveThresholds(tx, model.hash, thresholds);
    for (const line of capacityLines(allBands, await thresholdsOf(tx, model.hash))) log.info({}, line);
    return moved;
  });
}

/** Which leads must be scored again; null: none, as a lead in a band with a capacity keeps its threshold. */
function changeOf(
  band: CompiledBand,
  allBands: readonly CompiledBand[],
  { before, points }: { readonly before: StoredThreshold | undefined; readonly points: number },
): ThresholdChange | null {
  // A band without a stored threshold was scored with its floor, which is `band.points`.
  const from = Math.max(before?.points ?? band.points, band.points);
  if (from === points || (band.capacity !== null && before !== undefined)) return null;
  const inside = allBands.slice(0, allBands.indexOf(band) + 1).map(({ id }) => id);
  const hysteresis = before === undefined ? 0 : band.hysteresis;
  return { from, to: points, inside, hysteresis, cause: before === undefined ? INITIAL_THRESHOLD : MOVED };
}

/** The score that the best share of all leads reaches, but at least the floor of the band. */
function ofBestShare({ top, points }: CompiledBand, counts: readonly ScoreCount[]): CapacityResult {
  const leads = counts.reduce((sum, count) => sum + count.leads, 0);
  const best = scoreOfBestShare(counts, top ?? 100);
  return { points: Math.max(best ?? points, points), leads, per_week: null };
}
