// The schema of a model file. The format is a public interface (docs/model-reference.md); model.ts
// reads files.
import { z } from 'zod';
import { CANONICAL_FIELDS } from '../../domain/canonical.ts';
import { behaviorSchema } from './behavior-schema.ts';
import { conditionSchema } from './condition-schema.ts';
import { oneOfShapes } from './schema-shapes.ts';
import { cellSchema, idSchema, MAX_ENTRIES } from './signal-fields.ts';
import { gradeSchema, statusSchema } from './status-schema.ts';

const caseSchema = z.strictObject({
  when: conditionSchema.describe("The condition of the case, on the criterion's field unless it names another."),
  points: z.number().describe('The points of the case. Negative points count against the lead.'),
  label: idSchema.optional().describe('The text that a sales rep reads.'),
});

const criterionSchema = z.strictObject({
  id: idSchema.describe('A short name that stays.'),
  label: idSchema.optional().describe('The name of the criterion, as a sales rep reads it.'),
  field: idSchema.optional().meta({ description: 'The field that the cases test.', examples: CANONICAL_FIELDS }),
  cases: z
    .array(caseSchema)
    .min(1)
    .max(MAX_ENTRIES)
    .describe('Tested from top to bottom: the first match gives its points.'),
});

const overrideSchema = z
  .strictObject({
    id: idSchema.describe('A short name that stays.'),
    label: idSchema.optional().describe('The text that a sales rep reads.'),
    when: conditionSchema.describe('The leads that the override applies to.'),
    min_grade: gradeSchema.optional().describe('The grade is at least this, whatever the points (a target account).'),
    max_grade: gradeSchema.optional().describe('The grade is at most this, whatever the points (a student).'),
  })
  .refine(({ min_grade, max_grade }) => min_grade !== undefined || max_grade !== undefined, {
    message: 'an override needs min_grade or max_grade',
    params: { fix: 'Add max_grade: D' },
  })
  .meta(oneOfShapes({ needs: ['min_grade'] }, { needs: ['max_grade'] }));

const gradesSchema = z.strictObject({
  A: z.number().optional().describe('The lowest per cent for an A; default 75.'),
  B: z.number().optional().describe('The lowest per cent for a B; default 50.'),
  C: z.number().optional().describe('The lowest per cent for a C; default 25.'),
  D: z.number().optional().describe('The lowest per cent for a D; less is an F; default 0.'),
});

const fitSchema = z.strictObject({
  min_coverage: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('The minimum share (0 to 1) of the attainable points with known fields; below it the grade is Ungraded.'),
  criteria: z
    .array(criterionSchema)
    .max(MAX_ENTRIES)
    .describe('The criteria of fit. The sum of their best cases is the attainable points.'),
  grades: gradesSchema.optional().describe('The grade thresholds, in per cent of the attainable points.'),
  overrides: z.array(overrideSchema).optional().describe('Limits on the grade that override the points.'),
});
export type FitSource = z.infer<typeof fitSchema>;

export const modelSchema = z.strictObject({
  name: cellSchema.describe('Printed with every score, as name@version.'),
  version: idSchema.describe('Raise it with every change. It is text: keep the quotes.'),
  fit: fitSchema.optional().describe('Who they are: fit score and grade. Does not decay.'),
  behavior: behaviorSchema.optional().describe('What they did: the behavior score. Decays.'),
  status: statusSchema.describe('What to do: the bands, best first.'),
  allow_large: z
    .boolean()
    .optional()
    .describe('Accept more than 30 criteria or signals, which validate refuses otherwise. Default false.'),
});
export type Model = z.infer<typeof modelSchema>;
