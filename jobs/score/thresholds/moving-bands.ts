// Bands whose thresholds follow the leads (`top: 5%`, `capacity: 60 per week`): all that other jobs may know about
// them. Their thresholds in points are computed by update-thresholds.ts, once a night and once for a new model.
import type { ScoringContext } from '../../../src/domain/score-result.ts';
import { type CompiledBand, type CompiledStatus, isMoving } from '../../../src/scoring/status.ts';
import { thresholdsByModel } from '../../../src/store/leads/band-thresholds.ts';
import type { PreviousResult } from '../../../src/store/leads/previous-result.ts';
import { isStepDone, type SavedRunStep } from '../../../src/store/sync/run-steps.ts';
import type { Run } from '../../../src/store/sync/runs.ts';
import type { JobContext, ScoredModel } from '../../context.ts';

/** Its cause, of the first model alone; else with the keys of the models. */
const INITIAL_THRESHOLD = 'first-threshold';

export function movingBands({ basis, bands }: CompiledStatus): readonly CompiledBand[] {
  return basis === 'matrix' ? [] : bands.filter(isMoving);
}

/** By model hash, the thresholds in points by band. A band without one is scored with its floor. */
export type ModelThresholds = ReadonlyMap<string, Readonly<Record<string, number>>>;

function appliedThresholds({ db, models }: JobContext): Promise<ModelThresholds> {
  return thresholdsByModel(
    db,
    models.map(({ hash }) => hash),
  );
}

export function thresholdsFor(
  thresholds: ModelThresholds,
  { hash }: Pick<ScoredModel, 'hash'>,
): Readonly<Record<string, number>> {
  return thresholds.get(hash) ?? {};
}

/**
 * Whether results may be written: until all bands of the models that write have a threshold, a band can be reached by
 * its floor alone.
 */
export async function areBandsFinal(context: JobContext): Promise<boolean> {
  const moving = context.models.filter(({ role, compiled }) => {
    return role === 'live' && movingBands(compiled.status).length > 0;
  });
  if (moving.length === 0) return true;
  const thresholds = await appliedThresholds(context);
  return moving.every((model) => {
    const points = thresholdsFor(thresholds, model);
    return movingBands(model.compiled.status).every(({ id }) => Object.hasOwn(points, id));
  });
}

/** The cause of leads that are due after the first thresholds of these models were set. */
export function initialThresholdOf(models: readonly Pick<ScoredModel, 'key'>[]): string {
  const names = models.flatMap(({ key }) => key ?? []);
  return names.length === 0
    ? INITIAL_THRESHOLD
    : `${INITIAL_THRESHOLD}:${models.map(({ key }) => key ?? '').join(',')}`;
}

function isInitial(cause: string, { key }: Pick<ScoredModel, 'key'>): boolean {
  const [reason, names = ''] = cause.split(':');
  return reason === INITIAL_THRESHOLD && names.split(',').includes(key ?? '');
}

/** The last result of a lead by the model, as far as the next one depends on it. */
export type Earlier = Pick<PreviousResult, 'model_hash' | 'status' | 'fit_score' | 'behavior_score' | 'thresholds'>;

/**
 * What the next scoring of a lead must know besides the lead. A band that was reached by its floor alone has no
 * hysteresis; the points of another version of the model say nothing about this one's.
 * @param thresholds those of the model
 */
export function scoringContext(
  cause: string,
  previous: Earlier | null,
  model: Pick<ScoredModel, 'key' | 'hash'>,
  thresholds: Readonly<Record<string, number>>,
): ScoringContext {
  if (previous === null || isInitial(cause, model)) return { thresholds };
  const { status, model_hash, fit_score, behavior_score } = previous;
  const earlier = { fit: fit_score, behavior: behavior_score, thresholds: previous.thresholds };
  return { thresholds, previousStatus: status, ...(model_hash === model.hash && { earlier }) };
}

/**
 * Whether the run ends only after a threshold update. A sync does not: thresholds move at night.
 */
export function needsThresholdUpdate(
  { models }: JobContext,
  run: Pick<Run, 'job'>,
  steps: readonly SavedRunStep[],
): boolean {
  if (run.job === 'sync' || isStepDone(steps, 'thresholds-updated')) return false;
  return models.some(({ compiled }) => movingBands(compiled.status).length > 0);
}
