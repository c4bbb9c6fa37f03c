// What `status` of a model file may say: bands (best first), their thresholds and requirements, gates.
import { z } from 'zod';
import { conditionSchema } from './condition-schema.ts';
import { oneOfShapes } from './schema-shapes.ts';
import { durationSchema, idSchema } from './signal-schema.ts';

export const gradeSchema = z.enum(['A', 'B', 'C', 'D', 'F']);

const TOP = /^(\d+(?:\.\d+)?)%$/;
const topSchema = z
  .string()
  .refine((text) => {
    const share = Number(TOP.exec(text)?.[1]);
    return share > 0 && share <= 100;
  }, 'expected a share of the leads above 0%, up to 100%, as in 5%')
  .meta({ pattern: TOP.source });

// One shape for both objects, so that a mistake is named by its key rather than as "matches neither".
const thresholdFields = z
  .strictObject({
    points: z.number().optional().describe('From so many points of the basis on.'),
    top: topSchema
      .optional()
      .describe('The best share of all scored leads, e.g. 5%. What that is in points is worked out every night.'),
    floor: z.number().optional().describe('Never below so many points, however few leads reach them.'),
    hysteresis: z
      .number()
      .min(0)
      .optional()
      .describe('A lead that is in the band stays until it is so many points below; 0 when left out.'),
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
  context.addIssue({ code: 'custom', message: 'expected points, or top and floor' });
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
    .describe('Fit grades that keep a lead out. Ungraded passes unless it is listed.'),
  min_behavior: z.number().optional().describe('A behavior score of at least this.'),
  min_fit: z.number().optional().describe('A fit score of at least this.'),
  min_signals: z.number().optional().describe('At least so many signals that are worth 1 point or more today.'),
  any_signal: z.array(idSchema).optional().describe('At least one of these signals is worth 1 point or more today.'),
});
export type Requires = z.infer<typeof requiresSchema>;

const bandSchema = z.strictObject({
  id: idSchema.describe('A short name that stays: the value of the status in the CRM.'),
  label: idSchema.optional().describe('The words in which a sales rep reads it.'),
  at_least: thresholdSchema
    .optional()
    .describe(
      'From so many points on; or { top: 5%, floor: 60 }, the best share of all leads. The last band needs none.',
    ),
  cells: z
    .array(z.string().regex(/^[ABCDF]./, 'expected a grade and a behavior level, as in A1'))
    .optional()
    .describe('With basis: matrix, the cells of this band: fit grade and behavior level, as in A1.'),
  requires: requiresSchema.optional().describe('What a lead must fulfill besides its points.'),
  action: idSchema.optional().describe('What is to be done with leads of this band, for those who read the model.'),
  sla: durationSchema.optional().describe('How soon, e.g. 24h.'),
});
export type BandSource = z.infer<typeof bandSchema>;

const gateSchema = z.strictObject({
  id: idSchema.describe('A short name that stays.'),
  label: idSchema.optional().describe('Why a lead is held back, in the words that a sales rep reads.'),
  unless: conditionSchema.describe('What lifts the gate. While it is unknown, the gate is in force.'),
  max_band: idSchema.describe('The id of the best band that a lead can have while the gate is in force.'),
});

export const statusSchema = z.strictObject({
  basis: z
    .enum(['total', 'behavior', 'fit', 'matrix'])
    .optional()
    .describe('What the bands look at: total (when left out) is fit score + behavior score; matrix is the cell.'),
  behavior_levels: z
    .record(z.string(), z.number())
    .optional()
    .describe('The second half of a cell such as A1: each level with the behavior score that it begins at.'),
  bands: z.array(bandSchema).min(1).describe('What to do, best first. The last one takes everybody else.'),
  gates: z.array(gateSchema).optional().describe('What holds a lead below a band, whatever its points.'),
});
