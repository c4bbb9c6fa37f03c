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
  /** Parsed each time that they are asked for. */
  readonly contributions: readonly StoredLine[];
}
