// The score fields that Leadgrade writes to a CRM, by meaning. `write_back` of a mapping gives each
// field its property name in the CRM; a field without a name is not written.
import { z } from 'zod';

export const SCORE_FIELDS = [
  'fit_grade',
  'fit_score',
  'behavior_score',
  'total_score',
  'status',
  'explanation',
  'scored_at',
  'model',
] as const;

export const scoreFieldSchema = z.enum(SCORE_FIELDS);
export type ScoreField = z.infer<typeof scoreFieldSchema>;

/** A score field of a model: of the first one by its meaning alone, of another one as `expansion.status`. */
export type ScoreKey = ScoreField | `${string}.${ScoreField}`;

/** @param model the key of the model; null = the first one */
export function scoreKey(model: string | null, field: ScoreField): ScoreKey {
  return model === null ? field : `${model}.${field}`;
}

/**
 * Values of our score fields. Scores are numbers, `scored_at` is an ISO instant in UTC, the others
 * are text; null = empty in the CRM. A field that the mapping omits is absent.
 */
export type ScoreFieldValues = Readonly<Partial<Record<ScoreKey, string | number | null>>>;

const FIELDS: ReadonlySet<string> = new Set(SCORE_FIELDS);

function isScoreKey(name: string): name is ScoreKey {
  return FIELDS.has(meaningOf(name));
}

/** The names of the values: those of the first model without a model's key. */
export function scoreKeysOf(values: ScoreFieldValues): readonly ScoreKey[] {
  return Object.keys(values).filter(isScoreKey);
}

/** `status` of `expansion.status` */
export function meaningOf(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}
