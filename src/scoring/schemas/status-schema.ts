// The schema of `status` in a model file: bands (best first), their thresholds and requirements, and
// gates.
import { z } from 'zod';
import { CAPACITY, guessCapacity, parseCapacity } from '../capacity/capacity.ts';
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

const CAPACITY_FORM = 'must be a number of leads above 0 per day, per week or per month, for example 60 per week';
const capacitySchema = z
  .string(CAPACITY_FORM)
  .superRefine((text, context) => {
    if (parseCapacity(text) !== null) return;
    const meant = guessCapacity(text);
    context.addIssue({ code: 'custom', message: CAPACITY_FORM, params: meant === null ? {} : { write: meant } });
  })
  .meta({ pattern: CAPACITY.source });

// One schema for all three objects, so that an error names the wrong key instead of "matches neither".
const thresholdFields = z
  .strictObject({
    points: z.number().optional().describe('The lowest points of the basis.'),
    top: topSchema
      .optional()
      .describe('The best share of all scored leads, e.g. 5%. Its points are computed every night.'),
    capacity: capacitySchema
      .optional()
      .describe('How many new leads the team can take, e.g. 60 per week. Its points are computed every night.'),
    floor: z.number().optional().describe('The lowest threshold in points, however few leads reach it.'),
    hysteresis: z
      .number()
      .min(0)
      .optional()
      .describe('A lead in the band stays in it until it is this many points below the threshold; default 0.'),
  })
  .meta(
    oneOfShapes(
      { needs: ['points'], lacks: ['top', 'capacity', 'floor'] },
      { needs: ['top', 'floor'], lacks: ['points', 'capacity'] },
      { needs: ['capacity', 'floor'], lacks: ['points', 'top'] },
    ),
  );
type ThresholdFields = z.infer<typeof thresholdFields>;

export type Threshold =
  | { readonly points: number; readonly hysteresis: number }
  | { readonly top: string; readonly floor: number; readonly hysteresis: number }
  | { readonly capacity: string; readonly floor: number; readonly hysteresis: number };

function toThreshold(fields: ThresholdFields, context: z.RefinementCtx): Threshold {
  const { points, top, capacity, floor, hysteresis = 0 } = fields;
  const kinds = [points, top, capacity].filter((kind) => kind !== undefined).length;
  if (kinds === 1 && points !== undefined && floor === undefined) return { points, hysteresis };
  if (kinds === 1 && top !== undefined && floor !== undefined) return { top, floor, hysteresis };
  if (kinds === 1 && capacity !== undefined && floor !== undefined) return { capacity, floor, hysteresis };
  context.addIssue({
    code: 'custom',
    message: 'at_least needs either points, or top and floor, or capacity and floor',
    params: {
      fix: 'Write at_least: { points: 80 }, or { top: 5%, floor: 60 }, or { capacity: 60 per week, floor: 60 }.',
    },
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
      'The lowest points; or { top: 5%, floor: 60 }, the best share of all leads; or { capacity: 60 per week, floor: 60 }, as many as the team can take. The last band has no threshold.',
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
