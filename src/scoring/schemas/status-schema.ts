// The schema of `status` in a model file: bands (best first), their thresholds and requirements, and
// gates.
import { z } from 'zod';
import { conditionSchema } from './condition-schema.ts';
import { oneOfShapes } from './schema-shapes.ts';
import { cellSchema, durationSchema, idSchema } from './signal-fields.ts';

export const gradeSchema = z.enum(['A', 'B', 'C', 'D', 'F']);

const TOP = /^(\d+(?:\.\d+)?)%$/;
const TOP_FORM = 'must be a share of the leads: above 0% and at most 100%, for example 5%';
const topSchema = z
  .string(TOP_FORM)
  .refine((text) => {
    const share = Number(TOP.exec(text)?.[1]);
    return share > 0 && share <= 100;
  }, TOP_FORM)
  .meta({ pattern: TOP.source });

// One schema for both objects, so that an error names the wrong key instead of "matches neither".
const thresholdFields = z
  .strictObject({
    points: z.number().optional().describe('The lowest points of the basis.'),
    top: topSchema
      .optional()
      .describe('The best share of all scored leads, e.g. 5%. Its points are computed every night.'),
    floor: z.number().optional().describe('The lowest threshold in points, however few leads reach it.'),
    hysteresis: z
      .number()
      .min(0)
      .optional()
      .describe('A lead in the band stays in it until it is this many points below the threshold; default 0.'),
  })
  .meta(oneOfShapes({ needs: ['points'], lacks: ['top', 'floor'] }, { needs: ['top', 'floor'], lacks: ['points'] }));
type ThresholdFields = z.infer<typeof thresholdFields>;

export type Threshold =
  | { readonly points: number; readonly hysteresis: number }
  | { readonly top: string; readonly floor: number; readonly hysteresis: number };

function toThreshold(fields: ThresholdFields, context: z.RefinementCtx): Threshold {
  const { points, top, floor, hysteresis = 0 } = fields;
  if (points !== undefined && top === undefined && floor === undefined) return { points, hysteresis };
  if (points === undefined && top !== undefined && floor !== undefined) return { top, floor, hysteresis };
  context.addIssue({
    code: 'custom',
    message: 'at_least needs either points, or top and floor',
    params: { fix: 'Write at_least: { points: 80 }, or at_least: { top: 5%, floor: 60 }.' },
  });
  return z.NEVER;
}

const thresholdSchema = z.union([
  z.number().transform((points): Threshold => ({ points, hysteresis: 0 })),
  thresholdFields.transform(toThreshold),
]);

const requiresSchema = z.strictObject({
  min_grade: gradeSchema.optional().describe('A fit grade of at least this. Ungraded fails it.'),
  exclude_grades: z
    .array(z.enum([...gradeSchema.options, 'Ungraded']))
    .optional()
    .describe('Fit grades that exclude a lead. Ungraded is accepted unless it is listed.'),
  min_behavior: z.number().optional().describe('A behavior score of at least this.'),
  min_fit: z.number().optional().describe('A fit score of at least this.'),
  min_signals: z.number().optional().describe('The minimum number of signals that are worth 1 point or more today.'),
  any_signal: z.array(idSchema).optional().describe('At least one of these signals is worth 1 point or more today.'),
});
export type Requires = z.infer<typeof requiresSchema>;

const bandSchema = z.strictObject({
  id: cellSchema.describe('A short name that stays: the value of the status in the CRM.'),
  label: cellSchema.optional().describe('The text that a sales rep reads.'),
  at_least: thresholdSchema
    .optional()
    .describe(
      'The lowest points; or { top: 5%, floor: 60 }, the best share of all leads. The last band has no threshold.',
    ),
  cells: z
    .array(z.string().regex(/^[ABCDF]./, 'must be a grade and a behavior level: for example A1'))
    .optional()
    .describe('With basis: matrix, the cells of this band: fit grade and behavior level, as in A1.'),
  requires: requiresSchema.optional().describe('Requirements besides the points.'),
  action: idSchema.optional().describe('What to do with leads of this band; a note for readers of the model.'),
  sla: durationSchema.optional().describe('How soon, e.g. 24h.'),
});
export type BandSource = z.infer<typeof bandSchema>;

const gateSchema = z.strictObject({
  id: idSchema.describe('A short name that stays.'),
  label: idSchema.optional().describe('Why the lead is capped, as a sales rep reads it.'),
  unless: conditionSchema.describe('The condition that lifts the gate. While it is unknown, the gate is active.'),
  max_band: idSchema.describe('The id of the best band that a lead can have while the gate is active.'),
});

export const statusSchema = z.strictObject({
  basis: z
    .enum(['total', 'behavior', 'fit', 'matrix'])
    .optional()
    .describe('The value that bands compare: total (default) is fit score + behavior score; matrix is the cell.'),
  behavior_levels: z
    .record(z.string(), z.number())
    .optional()
    .describe('The second half of a cell such as A1: each level with its lowest behavior score.'),
  bands: z.array(bandSchema).min(1).max(200).describe('The bands, best first. The last band contains all other leads.'),
  gates: z.array(gateSchema).max(200).optional().describe('Conditions that cap a lead at a band, whatever its points.'),
});
