// The rows of an export with our columns behind: what --out writes. The columns are named as the properties of HubSpot that hold the same.
import { SCORE_FIELDS } from '../domain/score-fields.ts';
import type { ScoreResult } from '../domain/score-result.ts';
import { toScoreFields } from '../mapping/write-back.ts';
import { formatRowProblem, type RowProblem } from './row-problem.ts';

/** Why a row has no score; blank where it has one. */
const ERROR_COLUMN = 'leadgrade_error';

export const SCORE_COLUMNS: readonly string[] = [...SCORE_FIELDS.map((field) => `leadgrade_${field}`), ERROR_COLUMN];

/** The input's columns that have the name of one of ours: it is a file that was scored before. */
export function takenColumns(header: readonly string[]): readonly string[] {
  return header.map((title) => title.trim()).filter((title) => SCORE_COLUMNS.includes(title));
}

export function scoreCells(result: ScoreResult, explanation: string): readonly string[] {
  const values = toScoreFields(result, explanation);
  return [...SCORE_FIELDS.map((field) => String(values[field] ?? '')), ''];
}

export function problemCells(line: number, problem: RowProblem): readonly string[] {
  return [...SCORE_FIELDS.map(() => ''), formatRowProblem(line, problem)];
}
