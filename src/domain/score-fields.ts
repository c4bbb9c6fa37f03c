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

/**
 * Values of our score fields. Scores are numbers, `scored_at` is an ISO instant in UTC, the others
 * are text; null = empty in the CRM. A field that the mapping omits is absent.
 */
export type ScoreFieldValues = Readonly<Partial<Record<ScoreField, string | number | null>>>;
