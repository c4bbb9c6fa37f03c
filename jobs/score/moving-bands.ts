// Bands whose thresholds follow the leads (`top: 5%`, `capacity: 60 per week`): all that other jobs may know about
// them. Their thresholds in points are computed by update-thresholds.ts, once a night and once for a new model.
import type { ScoringContext } from '../../src/domain/score-result.ts';
import { type CompiledBand, type CompiledStatus, isMoving } from '../../src/scoring/status.ts';
import { pointsByBand, thresholdsOf } from '../../src/store/leads/band-thresholds.ts';
import type { PreviousResult } from '../../src/store/leads/due-leads.ts';
import { isStepDone, type SavedRunStep } from '../../src/store/sync/run-steps.ts';
import type { Run } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';

/** The reason for which leads are due after the first thresholds of a model were set. */
export const INITIAL_THRESHOLD = 'first-threshold';

export function movingBands({ basis, bands }: CompiledStatus): readonly CompiledBand[] {
  return basis === 'matrix' ? [] : bands.filter(isMoving);
}

/** The thresholds in points, by band. A band without one is scored with its floor. */
async function appliedThresholds({ db, model }: JobContext): Promise<Readonly<Record<string, number>>> {
  return pointsByBand(await thresholdsOf(db, model.hash));
}

/**
 * Whether results may be written: until all bands have a threshold, a band can be reached by its
 * floor alone.
 */
export async function areBandsFinal(context: JobContext): Promise<boolean> {
  const bands = movingBands(context.model.compiled.status);
  if (bands.length === 0) return true;
  const thresholds = await appliedThresholds(context);
  return bands.every(({ id }) => Object.hasOwn(thresholds, id));
}

/** The last result of a lead, as far as the next one depends on it. */
export type Earlier = Pick<PreviousResult, 'model_hash' | 'status' | 'fit_score' | 'behavior_score' | 'thresholds'>;

/**
 * What the next scoring of a lead must know besides the lead. A band that was reached by its floor alone has no
 * hysteresis; the points of another model say nothing about this one's.
 */
export function scoringContext(
  cause: string,
  previous: Earlier | null,
  { hash, thresholds }: { readonly hash: string; readonly thresholds: Readonly<Record<string, number>> },
): ScoringContext {
  if (previous === null || cause === INITIAL_THRESHOLD) return { thresholds };
  const { status, model_hash, fit_score, behavior_score } = previous;
  const earlier = { fit: fit_score, behavior: behavior_score, thresholds: previous.thresholds };
  return { thresholds, previousStatus: status, ...(model_hash === hash && { earlier }) };
}

/**
 * Whether the run ends only after a threshold update. A sync does not: thresholds move at night.
 */
export function needsThresholdUpdate(
  { model }: JobContext,
  run: Pick<Run, 'job'>,
  steps: readonly SavedRunStep[],
): boolean {
  if (run.job === 'sync' || isStepDone(steps, 'thresholds-updated')) return false;
  return movingBands(model.compiled.status).length > 0;
}
