// What every engine of the benchmark gives for a lead.
import type { Grade } from '../../src/domain/score-result.ts';

export interface Line {
  readonly signal: string;
  readonly label: string;
  readonly exact: number;
}

export interface Outcome {
  readonly fit: number;
  /** Exact points, within the limits. */
  readonly behavior: number;
  readonly grade: Grade;
  readonly status: string;
  /** The contributions; null from an engine that gives none. */
  readonly lines: readonly Line[] | null;
}

const ATTAINABLE = 100;

/** Grade and status by these points, for engines that know points only. */
export function outcomeOf(fit: number, behavior: number, lines: readonly Line[] | null): Outcome {
  const percent = (100 * fit) / ATTAINABLE;
  const grade = percent >= 75 ? 'A' : percent >= 50 ? 'B' : percent >= 25 ? 'C' : percent >= 0 ? 'D' : 'F';
  return { fit, behavior, grade, status: statusOf(fit, Math.floor(behavior + 0.5), percent >= 50), lines };
}

function statusOf(fit: number, behavior: number, isGradeBOrBetter: boolean): string {
  const total = fit + behavior;
  if (total >= 80 && isGradeBOrBetter && behavior >= 20) return 'hot';
  if (total >= 60 && behavior >= 10) return 'warm';
  if (total >= 40) return 'engaged';
  return total >= 20 ? 'light' : 'cold';
}
