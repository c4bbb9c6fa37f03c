// The schema of a model file. The format is a public interface (docs/model-guide.md); model.ts reads files.
import { z } from 'zod';
import { conditionSchema } from './condition-schema.ts';
import { behaviorSchema, idSchema } from './signal-schema.ts';
import { gradeSchema, statusSchema } from './status-schema.ts';

const caseSchema = z.strictObject({ when: conditionSchema, points: z.number(), label: idSchema.optional() });

const criterionSchema = z.strictObject({
  id: idSchema,
  label: idSchema.optional(),
  field: idSchema.optional(),
  cases: z.array(caseSchema).min(1),
});

const overrideSchema = z
  .strictObject({
    id: idSchema,
    label: idSchema.optional(),
    when: conditionSchema,
    min_grade: gradeSchema.optional(),
    max_grade: gradeSchema.optional(),
  })
  .refine(({ min_grade, max_grade }) => min_grade !== undefined || max_grade !== undefined, {
    message: 'an override needs min_grade or max_grade',
  });

const gradesSchema = z.strictObject({
  A: z.number().optional(),
  B: z.number().optional(),
  C: z.number().optional(),
  D: z.number().optional(),
});

const fitSchema = z.strictObject({
  min_coverage: z.number().min(0).max(1).optional(),
  criteria: z.array(criterionSchema),
  grades: gradesSchema.optional(),
  overrides: z.array(overrideSchema).optional(),
});
export type FitSource = z.infer<typeof fitSchema>;

export const modelSchema = z.strictObject({
  name: idSchema,
  version: idSchema,
  fit: fitSchema.optional(),
  behavior: behaviorSchema.optional(),
  status: statusSchema,
});
export type Model = z.infer<typeof modelSchema>;

/** Per cent of the attainable points from which a grade is given, best first; a model file may name other thresholds. */
export function gradeThresholds(grades: FitSource['grades']): { A: number; B: number; C: number; D: number } {
  return { A: grades?.A ?? 75, B: grades?.B ?? 50, C: grades?.C ?? 25, D: grades?.D ?? 0 };
}
