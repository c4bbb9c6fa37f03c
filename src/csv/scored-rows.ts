// The rows that --out writes: the row of the export, followed by our columns. The columns have the
// names of our HubSpot properties.
import { SCORE_FIELDS } from '../domain/score-fields.ts';
import type { ScoreResult } from '../domain/score-result.ts';
import { toScoreFields } from '../mapping/write-back.ts';
import { formatRowProblem, type RowProblem } from './row-problem.ts';

/** The reason why a row has no score; blank for a scored row. */
const ERROR_COLUMN = 'leadgrade_error';

export const SCORE_COLUMNS: readonly string[] = [...SCORE_FIELDS.map((field) => `leadgrade_${field}`), ERROR_COLUMN];

/** Columns of the input with the name of one of ours: the file was scored before. */
export function reservedColumns(header: readonly string[]): readonly string[] {
  return header.map((title) => title.trim()).filter((title) => SCORE_COLUMNS.includes(title));
}

export function scoreCells(result: ScoreResult, explanation: string): readonly string[] {
  const values = toScoreFields(result, explanation);
  return [...SCORE_FIELDS.map((field) => String(values[field] ?? '')), ''];
}

export function problemCells(line: number, problem: RowProblem): readonly string[] {
  return [...SCORE_FIELDS.map(() => ''), formatRowProblem(line, problem)];
}
