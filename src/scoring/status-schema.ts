// What `status` of a model file may say: bands (best first), their thresholds and requirements, gates.
import { z } from 'zod';
import { conditionSchema } from './condition-schema.ts';
import { durationSchema, idSchema } from './signal-schema.ts';

export const gradeSchema = z.enum(['A', 'B', 'C', 'D', 'F']);

const TOP = /^(\d+(?:\.\d+)?)%$/;
const topSchema = z.string().refine((text) => {
  const share = Number(TOP.exec(text)?.[1]);
  return share > 0 && share <= 100;
}, 'expected a share of the leads above 0%, up to 100%, as in 5%');

// One shape for both objects, so that a mistake is named by its key rather than as "matches neither".
const thresholdShape = z.strictObject({
  points: z.number().optional(),
  top: topSchema.optional(),
  floor: z.number().optional(),
  hysteresis: z.number().min(0).optional(),
});
type ThresholdShape = z.infer<typeof thresholdShape>;

export type Threshold =
  | { readonly points: number; readonly hysteresis: number }
  | { readonly top: string; readonly floor: number; readonly hysteresis: number };

function toThreshold(shape: ThresholdShape, context: z.RefinementCtx): Threshold {
  const { points, top, floor, hysteresis = 0 } = shape;
  if (points !== undefined && top === undefined && floor === undefined) return { points, hysteresis };
  if (points === undefined && top !== undefined && floor !== undefined) return { top, floor, hysteresis };
  context.addIssue({ code: 'custom', message: 'expected points, or top and floor' });
  return z.NEVER;
}

const thresholdSchema = z.union([
  z.number().transform((points): Threshold => ({ points, hysteresis: 0 })),
  thresholdShape.transform(toThreshold),
]);

const requiresSchema = z.strictObject({
  min_grade: gradeSchema.optional(),
  exclude_grades: z.array(z.enum([...gradeSchema.options, 'Ungraded'])).optional(),
  min_behavior: z.number().optional(),
  min_fit: z.number().optional(),
  min_signals: z.number().optional(),
  any_signal: z.array(idSchema).optional(),
});
export type Requires = z.infer<typeof requiresSchema>;

const bandSchema = z.strictObject({
  id: idSchema,
  label: idSchema.optional(),
  at_least: thresholdSchema.optional(),
  cells: z.array(z.string().regex(/^[ABCDF]./, 'expected a grade and a behavior level, as in A1')).optional(),
  requires: requiresSchema.optional(),
  action: idSchema.optional(),
  sla: durationSchema.optional(),
});
export type BandSource = z.infer<typeof bandSchema>;

const gateSchema = z.strictObject({
  id: idSchema,
  label: idSchema.optional(),
  unless: conditionSchema,
  max_band: idSchema,
});

export const statusSchema = z.strictObject({
  basis: z.enum(['total', 'behavior', 'fit', 'matrix']).optional(),
  behavior_levels: z.record(z.string(), z.number()).optional(),
  bands: z.array(bandSchema).min(1),
  gates: z.array(gateSchema).optional(),
});
