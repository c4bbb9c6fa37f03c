// Turns a score result into the values of our score fields in the CRM, and compares two sets of
// them.
import { SCORE_FIELDS, type ScoreField, type ScoreFieldValues } from '../domain/score-fields.ts';
import type { ScoreResult } from '../domain/score-result.ts';
import type { Mapping } from './mapping.ts';

/**
 * All score fields from one result, so that the values in the CRM add up. `explanation` is the
 * finished text.
 */
export function toScoreFields(result: ScoreResult, explanation: string): ScoreFieldValues {
  return {
    fit_grade: result.grade,
    fit_score: result.fit.score,
    behavior_score: result.behavior.score,
    total_score: result.total,
    status: result.status,
    explanation,
    scored_at: wholeSeconds(result.asOf),
    model: result.model,
  };
}

/**
 * Salesforce stores whole seconds; a fraction would make its value differ from ours permanently.
 */
function wholeSeconds(at: number): string {
  return new Date(Math.floor(at / 1_000) * 1_000).toISOString();
}

/** All score fields empty: the values of a record that is no longer scored. */
export function clearedScoreFields(): ScoreFieldValues {
  return Object.fromEntries(SCORE_FIELDS.map((field) => [field, null]));
}

/** The score fields that the mapping writes to the CRM, in a fixed order, with their properties. */
export function writtenFields(mapping: Mapping): readonly { field: ScoreField; property: string }[] {
  return SCORE_FIELDS.flatMap((field) => {
    const property = mapping.write_back[field];
    return property === undefined ? [] : [{ field, property }];
  });
}

// A new date, model version or wording alone is not worth a write.
const COMPARED = SCORE_FIELDS.filter((field) => !['scored_at', 'model', 'explanation'].includes(field));

/**
 * Whether a sales rep would see the same values: grade, scores, status, and the contributions in
 * whole points. `scored_at`, the model version and the wording of the explanation are ignored. A
 * field that one side lacks (the mapping omits it) is not compared. Two sides without a common
 * field are different.
 */
export function hasSameVisibleValues(a: ScoreFieldValues, b: ScoreFieldValues): boolean {
  const shared = COMPARED.filter((field) => a[field] !== undefined && b[field] !== undefined);
  const explained = a.explanation !== undefined && b.explanation !== undefined;
  if (shared.length === 0 && !explained) return false;
  if (shared.some((field) => a[field] !== b[field])) return false;
  return !explained || sameReasons(a.explanation ?? null, b.explanation ?? null);
}

function sameReasons(a: string | number | null, b: string | number | null): boolean {
  // An emptied explanation counts as a difference even if the result has no contributions.
  if (isEmpty(a) !== isEmpty(b)) return false;
  const [left, right] = [contributionLines(String(a ?? '')), contributionLines(String(b ?? ''))];
  return left.length === right.length && left.every((line, index) => line === right[index]);
}

function isEmpty(value: string | number | null): boolean {
  return value === null || value === '';
}

/**
 * The lines with points, without the counts and dates in brackets:
 * `+12 Viewed pricing (2 times, 20 Nov 2026)` -> `+12 Viewed pricing`.
 */
function contributionLines(explanation: string): string[] {
  const lines = explanation.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => /^[+-]\d+ /.test(line)).map((line) => line.split(' (')[0] ?? line);
}
