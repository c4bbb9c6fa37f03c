// All fields that an entry of `behavior.signals` may have. signal-schema.ts says which fields
// belong together.
import { z } from 'zod';
import { CANONICAL_ACTIVITIES } from '../../domain/canonical.ts';
import { beginsLikeFormula } from '../../domain/texts/formula.ts';
import { DURATION, guessDuration, parseDuration } from '../time/duration.ts';
import { conditionSchema } from './condition-schema.ts';

/** Criteria, cases of one, and signals of a model: every lead is tested with all of them. */
export const MAX_ENTRIES = 2_000;

export const idSchema = z.string().min(1);

/** Written to a CRM as a value or an option, which its users export to spreadsheets. */
export const cellSchema = idSchema
  .refine((text) => text.trim() !== '', {
    message: 'a text that is written to the CRM is blank',
    params: { fix: 'Write a name.' },
    abort: true,
  })
  .refine((text) => !beginsLikeFormula(text), {
    message: 'a text that is written to the CRM begins with =, +, - or @: a spreadsheet runs it as a formula',
    params: { fix: 'Begin it with a letter or a number.' },
  });
const FORM = 'a number above 0, directly followed by s, m (minutes), h, d or w';
const durationOr = (message: string) =>
  z
    .string(message)
    .superRefine((text, context) => {
      if (parseDuration(text) !== null) return;
      const meant = guessDuration(text);
      context.addIssue({ code: 'custom', message, params: meant === null ? {} : { write: meant } });
    })
    .meta({ pattern: DURATION.source });
export const durationSchema = durationOr(`must be a duration: ${FORM}`);
export const halfLifeSchema = z.union([z.literal('none'), durationOr(`must be a duration or none: ${FORM}`)]);
const activitySchema = idSchema.meta({ examples: Object.keys(CANONICAL_ACTIVITIES) });
const whereSchema = z
  .record(z.string(), conditionSchema)
  .describe('Only activities whose attributes match: { path: { starts_with: [/pricing] } }.');

const absentSchema = z.strictObject({
  activity: activitySchema.describe('The type of activity that did not happen.'),
  where: whereSchema.optional(),
  for: durationSchema.describe('For how long, e.g. 90d. A contact that is younger than that gets no points.'),
  requires_activity: activitySchema
    .optional()
    .describe('Only for leads with an activity of this type: a lead that received no email cannot open one.'),
});

const tierSchema = z.strictObject({
  count: z.int().min(1).describe('The number of activities in the window from which the tier applies.'),
  points: z.number().describe('The points of the tier, instead of those of the tiers below.'),
});

export const signalFields = z.strictObject({
  id: idSchema.describe('A short name that stays: reasons, groups and bands refer to it.'),
  label: idSchema.optional().describe('The text that a sales rep reads.'),
  activity: activitySchema.optional().describe('The type of activity that gives points.'),
  where: whereSchema.optional(),
  points: z
    .number()
    .optional()
    .describe('Points for one activity, before decay. Negative points count against the lead.'),
  max_count: z.int().min(1).optional().describe('How many of the latest activities count; default 1.'),
  window: durationSchema.optional().describe('How far back activities count for the tiers; default 90d.'),
  tiers: z
    .array(tierSchema)
    .min(1)
    .max(100)
    .optional()
    .describe('Points by the number of activities in the window: the highest tier reached counts, never the sum.'),
  half_life: halfLifeSchema
    .optional()
    .describe('The time after which half of the points is left; none = no decay. For this signal only.'),
  lifetime: durationSchema
    .optional()
    .describe('The time after which no points are left; they decay linearly. For this signal only.'),
  absent: absentSchema.optional().describe('Points for an activity that did not happen for some time.'),
  when: conditionSchema.optional().describe('Points while this condition on the fields holds. They do not decay.'),
});
export type SignalFields = z.infer<typeof signalFields>;
export type AbsentFields = z.infer<typeof absentSchema>;
