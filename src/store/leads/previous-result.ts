// The visible part of the last result that a model gave a lead.
import type { Grade } from '../../domain/score-result.ts';
import type { StoredLine } from '../../domain/stored-lines.ts';

export interface PreviousResult {
  readonly id: number;
  readonly model_hash: string;
  readonly grade: Grade;
  readonly fit_score: number;
  readonly behavior_score: number;
  readonly status: string;
  /** In points, by band with `top` or `capacity`, as they applied to it; null = the model has no such band. */
  readonly thresholds: Readonly<Record<string, number>> | null;
  /** Parsed each time that they are asked for. */
  readonly contributions: readonly StoredLine[];
}
