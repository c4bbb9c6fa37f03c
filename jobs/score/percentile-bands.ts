// Percentile bands (`top: 5%`): all that other jobs may know about them. Their thresholds in points
// are computed by update-thresholds.ts, once a night and once for a new model.
import type { CompiledBand, CompiledStatus } from '../../src/scoring/status.ts';
import { pointsByBand, thresholdsOf } from '../../src/store/leads/band-thresholds.ts';
import type { DueLead } from '../../src/store/leads/due-leads.ts';
import { isStepDone, type SavedRunStep } from '../../src/store/sync/run-steps.ts';
import type { Run } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';

export type PercentileBand = CompiledBand & { readonly top: number };

/** The reason for which leads are due after the first thresholds of a model were set. */
export const INITIAL_THRESHOLD = 'first-threshold';

export function percentileBands({ basis, bands }: CompiledStatus): readonly PercentileBand[] {
  return basis === 'matrix' ? [] : bands.filter((band): band is PercentileBand => band.top !== null);
}

/** The thresholds in points, by band. A band without one is scored with its floor. */
export async function appliedThresholds({ db, model }: JobContext): Promise<Readonly<Record<string, number>>> {
  return pointsByBand(await thresholdsOf(db, model.hash));
}

/**
 * Whether results may be written: until all bands have a threshold, a band can be reached by its
 * floor alone.
 */
export async function areBandsFinal(context: JobContext): Promise<boolean> {
  const bands = percentileBands(context.model.compiled.status);
  if (bands.length === 0) return true;
  const thresholds = await appliedThresholds(context);
  return bands.every(({ id }) => Object.hasOwn(thresholds, id));
}

/**
 * The status whose hysteresis counts. A band that was reached by its floor alone has no hysteresis.
 */
export function statusBefore({ cause, previous }: Pick<DueLead, 'cause' | 'previous'>): string | undefined {
  return cause === INITIAL_THRESHOLD ? undefined : previous?.status;
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
  return percentileBands(model.compiled.status).length > 0;
}
