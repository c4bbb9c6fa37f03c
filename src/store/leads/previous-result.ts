// The visible part of the last result that a model gave a lead.
import { type RawBuilder, sql } from 'kysely';
import type { Grade } from '../../domain/score-result.ts';
import type { StoredLine } from '../../domain/stored-lines.ts';

export interface PreviousResult extends EarlierResult {
  readonly id: number;
  readonly grade: Grade;
  /** Parsed each time that they are asked for. */
  readonly contributions: readonly StoredLine[];
}

/** What the next scoring depends on. */
export interface EarlierResult {
  readonly model_hash: string;
  readonly fit_score: number;
  readonly behavior_score: number;
  readonly status: string;
  /** In points, by band with `top` or `capacity`, as they applied to it; null = the model has no such band. */
  readonly thresholds: Readonly<Record<string, number>> | null;
}

/** As queries return it: the columns of the result are null where a lead has none. */
export interface PreviousRow extends Omit<PreviousResult, 'id' | 'contributions'> {
  readonly result_id: number | null;
  /** The contributions as text. */
  readonly lines: string;
}

export type EarlierRow = { readonly [K in keyof EarlierResult]: EarlierResult[K] | null };

/** The columns of a `PreviousRow`, of a result `p`. */
export const PREVIOUS_COLUMNS: RawBuilder<unknown> = sql`
  p.id as result_id, p.model_hash, p.grade, p.fit_score, p.behavior_score, p.status, p.thresholds, p.contributions::text as lines`;

/** Null: the lead has no result. */
export function toPrevious(row: PreviousRow): PreviousResult | null {
  const { result_id: id, grade, lines } = row;
  if (id === null) return null;
  return {
    ...{ id, grade, ...earlierParts(row) },
    get contributions() {
      return JSON.parse(lines);
    },
  };
}

/** Null: the lead has no result. */
export function toEarlier({
  status,
  model_hash,
  fit_score,
  behavior_score,
  thresholds,
}: EarlierRow): EarlierResult | null {
  if (status === null || model_hash === null || fit_score === null || behavior_score === null) return null;
  return { status, model_hash, fit_score, behavior_score, thresholds };
}

function earlierParts({ status, model_hash, fit_score, behavior_score, thresholds }: EarlierResult): EarlierResult {
  return { status, model_hash, fit_score, behavior_score, thresholds };
}
