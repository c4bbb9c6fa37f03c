// Percentile bands (`top: 5%`): all that other jobs may know about them. Their thresholds in points
// are computed by update-thresholds.ts, once a night and once for a new model.
import type { CompiledBand, CompiledStatus } from '../../src/scoring/status.ts';
import { thresholdsByModel } from '../../src/store/leads/band-thresholds.ts';
import type { PreviousResult } from '../../src/store/leads/due-leads.ts';
import { isStepDone, type SavedRunStep } from '../../src/store/sync/run-steps.ts';
import type { Run } from '../../src/store/sync/runs.ts';
import type { JobContext, ScoredModel } from '../context.ts';

export type PercentileBand = CompiledBand & { readonly top: number };

/** Its cause, of the first model alone; else with the keys of the models. */
const INITIAL_THRESHOLD = 'first-threshold';

export function percentileBands({ basis, bands }: CompiledStatus): readonly PercentileBand[] {
  return basis === 'matrix' ? [] : bands.filter((band): band is PercentileBand => band.top !== null);
}

/** By model hash, the thresholds in points by band. A band without one is scored with its floor. */
export type ModelThresholds = ReadonlyMap<string, Readonly<Record<string, number>>>;

export function appliedThresholds({ db, models }: JobContext): Promise<ModelThresholds> {
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

/** Whether all percentile bands of the model have a threshold. */
export function hasThresholds(thresholds: ModelThresholds, model: ScoredModel): boolean {
  const points = thresholdsFor(thresholds, model);
  return percentileBands(model.compiled.status).every(({ id }) => Object.hasOwn(points, id));
}

/**
 * Whether results may be written: until all bands of the models that write have a threshold, a band can be reached by
 * its floor alone.
 */
export async function areBandsFinal(context: JobContext): Promise<boolean> {
  const ranked = context.models.filter(({ role, compiled }) => {
    return role === 'live' && percentileBands(compiled.status).length > 0;
  });
  if (ranked.length === 0) return true;
  const thresholds = await appliedThresholds(context);
  return ranked.every((model) => hasThresholds(thresholds, model));
}

/** The cause of leads that are due after the first thresholds of these models were set. */
export function initialThresholdOf(models: readonly Pick<ScoredModel, 'key'>[]): string {
  const names = models.flatMap(({ key }) => key ?? []);
  return names.length === 0
    ? INITIAL_THRESHOLD
    : `${INITIAL_THRESHOLD}:${models.map(({ key }) => key ?? '').join(',')}`;
}

/**
 * The status whose hysteresis counts. A band that was reached by its floor alone has no hysteresis.
 */
export function statusBefore(
  cause: string,
  { key }: Pick<ScoredModel, 'key'>,
  previous: Pick<PreviousResult, 'status'> | null,
): string | undefined {
  const [reason, names = ''] = cause.split(':');
  return reason === INITIAL_THRESHOLD && names.split(',').includes(key ?? '') ? undefined : previous?.status;
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
  return models.some(({ compiled }) => percentileBands(compiled.status).length > 0);
}
