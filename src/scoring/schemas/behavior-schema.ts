// The schema of `behavior` in a model file: signals, their decay, and limits.
import { z } from 'zod';
import { oneOfShapes } from './schema-shapes.ts';
import { durationSchema, halfLifeSchema, idSchema, MAX_ENTRIES } from './signal-fields.ts';
import { signalSchema } from './signal-schema.ts';

const groupSchema = z.strictObject({
  id: idSchema.describe('A short name that stays.'),
  label: idSchema.optional().describe('The text that a sales rep reads on the line of the limit.'),
  signals: z.array(idSchema).describe('Ids of the signals that share the limit. A signal is in at most one group.'),
  max: z.number().optional().describe('The maximum of their sum.'),
  min: z.number().optional().describe('The minimum of their sum.'),
});

export const behaviorSchema = z.strictObject({
  decay: z
    .enum(['half_life', 'linear'])
    .optional()
    .describe('How points decay, unless a signal has its own decay: half_life (default) or linear.'),
  half_life: halfLifeSchema
    .optional()
    .describe('The time after which half of the points is left; none = no decay. Default 30d.'),
  lifetime: durationSchema
    .optional()
    .describe('With decay: linear, the time after which no points are left. Default 90d.'),
  min: z
    .union([z.literal('none'), z.number()], 'must be a number or none')
    .optional()
    .describe('The lowest behavior score; default 0, so that negative points build no debt; none = no floor.'),
  max: z.number().optional().describe('The highest behavior score; default: no limit.'),
  signals: z.array(signalSchema).max(MAX_ENTRIES).describe('The signals that give or take points.'),
  groups: z
    .array(groupSchema.meta(oneOfShapes({ needs: ['max'] }, { needs: ['min'] })))
    .optional()
    .describe('Limits on the sum of several signals.'),
});
export type BehaviorSource = z.infer<typeof behaviorSchema>;
