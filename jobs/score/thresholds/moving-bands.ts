// Bands whose thresholds follow the leads (`top: 5%`, `capacity: 60 per week`): all that other jobs may know about
// them. Their thresholds in points are computed by update-thresholds.ts, once a night and once for a new model.
import type { ScoringContext } from '../../../src/domain/score-result.ts';
import type { CompiledBand, CompiledStatus } from '../../../src/scoring/status.ts';
import { type PointsOfBands, thresholdsByModel } from '../../../src/store/leads/band-thresholds.ts';
import type { EarlierResult } from '../../../src/store/leads/previous-result.ts';
import { isStepDone, type SavedRunStep } from '../../../src/store/sync/run-steps.ts';
import type { Run } from '../../../src/store/sync/runs.ts';
import type { JobContext, ScoredModel } from '../../context.ts';
import type { EarlierModels } from '../earlier-models.ts';

export function movingBands({ basis, bands }: CompiledStatus): readonly CompiledBand[] {
  return basis === 'matrix' ? [] : bands.filter(({ isMoving }) => isMoving);
}

/** By model hash. A band without one has no leads but those that were in it before the model was applied. */
export type ModelThresholds = ReadonlyMap<string, PointsOfBands>;

const NO_THRESHOLDS: PointsOfBands = { points: {}, first: {} };

export function appliedThresholds({ db, models }: Pick<JobContext, 'db' | 'models'>): Promise<ModelThresholds> {
  return thresholdsByModel(
    db,
    models.map(({ hash }) => hash),
  );
}

export function thresholdsFor(thresholds: ModelThresholds, { hash }: Pick<ScoredModel, 'hash'>): PointsOfBands {
  return thresholds.get(hash) ?? NO_THRESHOLDS;
}

/**
 * Whether results may be written: until all bands of the models that write have a threshold, no lead enters them.
 */
export async function areBandsFinal(context: JobContext): Promise<boolean> {
  const moving = context.models.filter(({ role, compiled }) => {
    return role === 'live' && movingBands(compiled.status).length > 0;
  });
  if (moving.length === 0) return true;
  const thresholds = await appliedThresholds(context);
  return moving.every((model) => {
    const { points } = thresholdsFor(thresholds, model);
    return movingBands(model.compiled.status).every(({ id }) => Object.hasOwn(points, id));
  });
}

interface Before {
  readonly thresholds: ModelThresholds;
  readonly earlierModels: EarlierModels;
  /** Whether the last scoring of the lead had the present inputs. */
  readonly isCurrent: boolean;
}

/**
 * What the next scoring of a lead must know besides the lead. A changed model scores with its own limits; a lead whose
 * points it leaves as they were stays where it was.
 * @param previous the last result of the lead by the model
 */
export function scoringContext(
  model: Pick<ScoredModel, 'hash' | 'compiled'>,
  previous: EarlierResult | null,
  { thresholds, earlierModels, isCurrent }: Before,
): ScoringContext {
  const { status: rules } = model.compiled;
  const last = previous === null ? {} : { previousStatus: previous.status };
  if (!rules.hasMoving) return last;
  const { points, first } = thresholdsFor(thresholds, model);
  const pending = movingBands(rules).flatMap(({ id }) => (Object.hasOwn(points, id) ? [] : [id]));
  const all = { ...last, thresholds: points, firstThresholds: first, ...(pending.length > 0 && { pending }) };
  if (previous === null) return all;
  const { model_hash, fit_score: fit, behavior_score: behavior } = previous;
  const isOwn = model_hash === model.hash;
  const isSameBasis = isOwn || earlierModels.get(model_hash)?.basis === rules.basis;
  const held = isSameBasis ? previous.thresholds : null;
  return { ...all, earlier: { fit, behavior, thresholds: held, isByOtherModel: !isOwn && !isCurrent } };
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
