// What `behavior` of a model file may say. A signal is exactly one of four kinds; which one, its keys tell.
import { z } from 'zod';
import { CANONICAL_ACTIVITIES } from '../../domain/canonical.ts';
import { DURATION, parseDuration } from '../duration.ts';
import { type Condition, conditionSchema } from './condition-schema.ts';
import { oneOfShapes } from './schema-shapes.ts';

export const idSchema = z.string().min(1);
export const durationSchema = z
  .string()
  .refine(
    (text) => parseDuration(text) !== null,
    'expected a positive number directly followed by s, m, h, d or w, as in 30d',
  )
  .meta({ pattern: DURATION.source });
const halfLifeSchema = z.union(
  [z.literal('none'), durationSchema],
  'expected a duration (a positive number directly followed by s, m, h, d or w), or none',
);
const activitySchema = idSchema.meta({ examples: Object.keys(CANONICAL_ACTIVITIES) });
const whereSchema = z
  .record(z.string(), conditionSchema)
  .describe('Only activities whose attributes fulfill these: { path: { starts_with: [/pricing] } }.');

const absentSchema = z.strictObject({
  activity: activitySchema.describe('The type of activity that did not happen.'),
  where: whereSchema.optional(),
  for: durationSchema.describe('For how long, e.g. 90d. A contact that is younger than that gets no points.'),
  requires_activity: activitySchema
    .optional()
    .describe('Only for leads that have an activity of this type: whoever was sent no email cannot open one.'),
});

const tierSchema = z.strictObject({
  count: z.int().min(1).describe('From so many activities in the window on.'),
  points: z.number().describe('The points then, in place of those of the tiers below.'),
});

const signalFields = z.strictObject({
  id: idSchema.describe('A short name that stays: reasons, groups and bands refer to it.'),
  label: idSchema.optional().describe('The words in which a sales rep reads it.'),
  activity: activitySchema.optional().describe('The type of activity that gives points.'),
  where: whereSchema.optional(),
  points: z.number().optional().describe('Points for one, before they fade. Negative ones count against the lead.'),
  max_count: z.int().min(1).optional().describe('How many of the latest activities count; 1 when left out.'),
  window: durationSchema.optional().describe('How far back activities count for the tiers; 90d when left out.'),
  tiers: z
    .array(tierSchema)
    .min(1)
    .optional()
    .describe('Points by the number of activities in the window: the highest tier reached counts, never the sum.'),
  half_life: halfLifeSchema
    .optional()
    .describe('After this time half of the points is left; none = they do not fade. For this signal alone.'),
  lifetime: durationSchema
    .optional()
    .describe('The points fall in a straight line and are gone after this time. For this signal alone.'),
  absent: absentSchema.optional().describe('Points for something that did not happen for a while.'),
  when: conditionSchema.optional().describe('Points while this condition on the fields holds. They do not fade.'),
});
type SignalFields = z.infer<typeof signalFields>;
type Key = keyof SignalFields;

interface Labeled {
  readonly id: string;
  readonly label?: string | undefined;
}
interface OnActivity extends Labeled {
  readonly activity: string;
  readonly where?: Readonly<Record<string, Condition>> | undefined;
  readonly half_life?: string | undefined;
  readonly lifetime?: string | undefined;
}
export interface CountedSource extends OnActivity {
  readonly kind: 'counted';
  readonly points: number;
  readonly max_count?: number | undefined;
}
export interface TieredSource extends OnActivity {
  readonly kind: 'tiered';
  readonly tiers: readonly { readonly count: number; readonly points: number }[];
  readonly window?: string | undefined;
}
export interface AbsentSource extends Labeled {
  readonly kind: 'absent';
  readonly absent: z.infer<typeof absentSchema>;
  readonly points: number;
}
export interface StateSource extends Labeled {
  readonly kind: 'state';
  readonly when: Condition;
  readonly points: number;
}
export type SignalSource = CountedSource | TieredSource | AbsentSource | StateSource;

const KINDS = {
  counted: { needs: ['activity', 'points'], may: ['where', 'max_count', 'half_life', 'lifetime'] },
  tiered: { needs: ['activity', 'tiers'], may: ['where', 'window', 'half_life', 'lifetime'] },
  absent: { needs: ['absent', 'points'], may: [] },
  state: { needs: ['when', 'points'], may: [] },
} satisfies Record<string, { needs: readonly Key[]; may: readonly Key[] }>;

function kindOf(signal: SignalFields): keyof typeof KINDS {
  if (signal.absent !== undefined) return 'absent';
  if (signal.when !== undefined) return 'state';
  return signal.tiers === undefined ? 'counted' : 'tiered';
}

function checkKind(signal: SignalFields, context: z.RefinementCtx): void {
  if (signal.activity === undefined && signal.absent === undefined && signal.when === undefined) {
    context.addIssue({ code: 'custom', message: 'a signal needs one of activity, absent, when' });
    return;
  }
  const kind = kindOf(signal);
  const { needs, may } = KINDS[kind];
  const known = new Set<string>(['id', 'label', ...needs, ...may]);
  for (const key of needs) {
    if (signal[key] === undefined) {
      context.addIssue({ code: 'custom', message: `a signal of the kind "${kind}" needs ${key}` });
    }
  }
  for (const key of Object.keys(signal)) {
    if (known.has(key)) continue;
    context.addIssue({ code: 'custom', path: [key], message: `a signal of the kind "${kind}" takes no ${key}` });
  }
  if (signal.half_life !== undefined && signal.lifetime !== undefined) {
    context.addIssue({ code: 'custom', path: ['lifetime'], message: 'a signal has half_life or lifetime, not both' });
  }
}

function toSource(signal: SignalFields): SignalSource {
  const { id, label, activity = '', where, points = 0, half_life, lifetime } = signal;
  if (signal.absent) return { kind: 'absent', id, label, absent: signal.absent, points };
  if (signal.when) return { kind: 'state', id, label, when: signal.when, points };
  const onActivity = { id, label, activity, where, half_life, lifetime };
  if (signal.tiers) return { kind: 'tiered', ...onActivity, tiers: signal.tiers, window: signal.window };
  return { kind: 'counted', ...onActivity, points, max_count: signal.max_count };
}

/** The kinds as an editor knows them; one that fades in two ways at once is none. */
const KIND_SHAPES = Object.values(KINDS).flatMap(({ needs, may }: { needs: readonly Key[]; may: readonly Key[] }) => {
  const lacks = signalFields.keyof().options.filter((key) => !['id', 'label', ...needs, ...may].includes(key));
  if (!may.includes('lifetime')) return [{ needs, lacks }];
  return [
    { needs, lacks: [...lacks, 'lifetime'] },
    { needs: [...needs, 'lifetime'], lacks: [...lacks, 'half_life'] },
  ];
});

const signalSchema = signalFields
  .superRefine(checkKind)
  .meta(oneOfShapes(...KIND_SHAPES))
  .transform(toSource);

const groupSchema = z.strictObject({
  id: idSchema.describe('A short name that stays.'),
  label: idSchema.optional().describe('The words in which a sales rep reads what the limit takes away.'),
  signals: z
    .array(idSchema)
    .describe('Ids of the signals that are limited together. A signal is in one group at most.'),
  max: z.number().optional().describe('The most that they give together.'),
  min: z.number().optional().describe('The least that they give together.'),
});

export const behaviorSchema = z.strictObject({
  decay: z
    .enum(['half_life', 'linear'])
    .optional()
    .describe('How points fade, unless a signal says otherwise: by half-life (when left out), or in a straight line.'),
  half_life: halfLifeSchema
    .optional()
    .describe('After this time half of the points is left; none = they do not fade. 30d when left out.'),
  lifetime: durationSchema.optional().describe('With decay: linear, when the points are gone. 90d when left out.'),
  min: z
    .union([z.literal('none'), z.number()], 'expected a number, or none')
    .optional()
    .describe('The lowest behavior score; 0 when left out, so that negatives build no debt; none = no floor.'),
  max: z.number().optional().describe('The highest behavior score; no limit when left out.'),
  signals: z.array(signalSchema).describe('What gives or takes points. One more signal is one more entry.'),
  groups: z
    .array(groupSchema.meta(oneOfShapes({ needs: ['max'] }, { needs: ['min'] })))
    .optional()
    .describe('Limits on several signals together.'),
});
export type BehaviorSource = z.infer<typeof behaviorSchema>;
