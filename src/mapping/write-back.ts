// A score result -> the values of our own fields in the CRM, and whether two sets of them look the same to a rep.
import { SCORE_FIELDS, type ScoreField, type ScoreFieldValues } from '../domain/score-fields.ts';
import type { ScoreResult } from '../domain/score-result.ts';
import type { Mapping } from './mapping.ts';

/** All our fields from one result, so that what stands in the CRM adds up. `explanation` is the finished text. */
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

/** Salesforce keeps no parts of a second: what it holds would differ from what we wrote for ever. */
function wholeSeconds(at: number): string {
  return new Date(Math.floor(at / 1_000) * 1_000).toISOString();
}

/** All our fields empty: what a record that is no longer scored shall hold. */
export function clearedScoreFields(): ScoreFieldValues {
  return Object.fromEntries(SCORE_FIELDS.map((field) => [field, null]));
}

/** Our fields that the mapping keeps in the CRM, in a fixed order, with the property of each. */
export function writtenFields(mapping: Mapping): readonly { field: ScoreField; property: string }[] {
  return SCORE_FIELDS.flatMap((field) => {
    const property = mapping.write_back[field];
    return property === undefined ? [] : [{ field, property }];
  });
}

// Neither the date of a scoring, nor the version of a model that says the same, nor the wording of its reasons is worth a write.
const COMPARED = SCORE_FIELDS.filter((field) => !['scored_at', 'model', 'explanation'].includes(field));

/**
 * Whether a rep would see the same: grade, scores, status and the contributions in whole points. `scored_at`, the model's
 * version and the wording of the explanation do not count. A field that one side lacks (the mapping drops it) is not compared; two sides
 * with nothing in common are not the same.
 */
export function sameVisible(a: ScoreFieldValues, b: ScoreFieldValues): boolean {
  const shared = COMPARED.filter((field) => a[field] !== undefined && b[field] !== undefined);
  const explained = a.explanation !== undefined && b.explanation !== undefined;
  if (shared.length === 0 && !explained) return false;
  if (shared.some((field) => a[field] !== b[field])) return false;
  return !explained || sameReasons(a.explanation ?? null, b.explanation ?? null);
}

function sameReasons(a: string | number | null, b: string | number | null): boolean {
  // An explanation that somebody emptied is missing, even where the result has no contribution.
  if (isEmpty(a) !== isEmpty(b)) return false;
  const [left, right] = [contributionLines(String(a ?? '')), contributionLines(String(b ?? ''))];
  return left.length === right.length && left.every((line, index) => line === right[index]);
}

function isEmpty(value: string | number | null): boolean {
  return value === null || value === '';
}

/** `+12 Viewed pricing (2 times, 20 Nov 2026)` -> `+12 Viewed pricing`: counts and dates in brackets are wording. */
function contributionLines(explanation: string): string[] {
  const lines = explanation.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => /^[+-]\d+ /.test(line)).map((line) => line.split(' (')[0] ?? line);
}
