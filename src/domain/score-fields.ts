// The fields that Leadgrade keeps in a CRM, by meaning. A mapping's `write_back` gives each its CRM name, or drops it.
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
 * Values of our own fields. Scores are numbers, `scored_at` an ISO instant in UTC, the rest text; null = empty in the CRM.
 * A field that the mapping drops is absent.
 */
export type ScoreFieldValues = Readonly<Partial<Record<ScoreField, string | number | null>>>;
