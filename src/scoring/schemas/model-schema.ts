// The schema of a model file. The format is a public interface (docs/model-guide.md); model.ts reads files.
import { z } from 'zod';
import { CANONICAL_FIELDS } from '../../domain/canonical.ts';
import { conditionSchema } from './condition-schema.ts';
import { oneOfShapes } from './schema-shapes.ts';
import { behaviorSchema, idSchema } from './signal-schema.ts';
import { gradeSchema, statusSchema } from './status-schema.ts';

const caseSchema = z.strictObject({
  when: conditionSchema.describe("When the case holds; it looks at the criterion's field unless it names another."),
  points: z.number().describe('What it gives. Negative points count against the lead.'),
  label: idSchema.optional().describe('The words in which a sales rep reads it.'),
});

const criterionSchema = z.strictObject({
  id: idSchema.describe('A short name that stays.'),
  label: idSchema.optional().describe('What is looked at, in the words that a sales rep reads.'),
  field: idSchema.optional().meta({ description: 'The field that the cases look at.', examples: CANONICAL_FIELDS }),
  cases: z.array(caseSchema).min(1).describe('Tried from top to bottom: the first that holds gives its points.'),
});

const overrideSchema = z
  .strictObject({
    id: idSchema.describe('A short name that stays.'),
    label: idSchema.optional().describe('The words in which a sales rep reads it.'),
    when: conditionSchema.describe('For whom it holds.'),
    min_grade: gradeSchema.optional().describe('The grade is at least this, whatever the points (a target account).'),
    max_grade: gradeSchema.optional().describe('The grade is at most this, whatever the points (a student).'),
  })
  .refine(({ min_grade, max_grade }) => min_grade !== undefined || max_grade !== undefined, {
    message: 'an override needs min_grade or max_grade',
  })
  .meta(oneOfShapes({ needs: ['min_grade'] }, { needs: ['max_grade'] }));

const gradesSchema = z.strictObject({
  A: z.number().optional().describe('From so many per cent on it is an A; 75 when left out.'),
  B: z.number().optional().describe('From so many per cent on it is a B; 50 when left out.'),
  C: z.number().optional().describe('From so many per cent on it is a C; 25 when left out.'),
  D: z.number().optional().describe('From so many per cent on it is a D, below it an F; 0 when left out.'),
});

const fitSchema = z.strictObject({
  min_coverage: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('The share of the attainable points whose fields must be known; below it the grade is Ungraded. 0 to 1.'),
  criteria: z
    .array(criterionSchema)
    .describe('What is looked at. Their best cases together are the attainable points.'),
  grades: gradesSchema.optional().describe('Per cent of the attainable points from which a grade is given.'),
  overrides: z.array(overrideSchema).optional().describe('Stronger than the points.'),
});
export type FitSource = z.infer<typeof fitSchema>;

export const modelSchema = z.strictObject({
  name: idSchema.describe('Printed with every score, as name@version.'),
  version: idSchema.describe('Raise it with every change. It is text: keep the quotes.'),
  fit: fitSchema.optional().describe('Who they are: fit score and grade. Never fades.'),
  behavior: behaviorSchema.optional().describe('What they did: the behavior score. Fades.'),
  status: statusSchema.describe('What to do: the bands, best first.'),
});
export type Model = z.infer<typeof modelSchema>;

/** Per cent of the attainable points from which a grade is given, best first; a model file may name other thresholds. */
export function gradeThresholds(grades: FitSource['grades']): { A: number; B: number; C: number; D: number } {
  return { A: grades?.A ?? 75, B: grades?.B ?? 50, C: grades?.C ?? 25, D: grades?.D ?? 0 };
}
