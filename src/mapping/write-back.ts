// Turns a score result into the values of our score fields in the CRM.
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
