// What `behavior` of a model file may say. A signal is exactly one of four kinds; which one, its keys tell.
import { z } from 'zod';
import { type Condition, conditionSchema } from './condition-schema.ts';
import { parseDuration } from './duration.ts';

export const idSchema = z.string().min(1);
export const durationSchema = z
  .string()
  .refine(
    (text) => parseDuration(text) !== null,
    'expected a positive number directly followed by s, m, h, d or w, as in 30d',
  );
const halfLifeSchema = z.union(
  [z.literal('none'), durationSchema],
  'expected a duration (a positive number directly followed by s, m, h, d or w), or none',
);
const whereSchema = z.record(z.string(), conditionSchema);

const absentSchema = z.strictObject({
  activity: idSchema,
  where: whereSchema.optional(),
  for: durationSchema,
  requires_activity: idSchema.optional(),
});

const signalShape = z.strictObject({
  id: idSchema,
  label: idSchema.optional(),
  activity: idSchema.optional(),
  where: whereSchema.optional(),
  points: z.number().optional(),
  max_count: z.int().min(1).optional(),
  window: durationSchema.optional(),
  tiers: z
    .array(z.strictObject({ count: z.int().min(1), points: z.number() }))
    .min(1)
    .optional(),
  half_life: halfLifeSchema.optional(),
  lifetime: durationSchema.optional(),
  absent: absentSchema.optional(),
  when: conditionSchema.optional(),
});
type SignalShape = z.infer<typeof signalShape>;
type Key = keyof SignalShape;

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

function kindOf(signal: SignalShape): keyof typeof KINDS {
  if (signal.absent !== undefined) return 'absent';
  if (signal.when !== undefined) return 'state';
  return signal.tiers === undefined ? 'counted' : 'tiered';
}

function checkKind(signal: SignalShape, context: z.RefinementCtx): void {
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

function toSource(signal: SignalShape): SignalSource {
  const { id, label, activity = '', where, points = 0, half_life, lifetime } = signal;
  if (signal.absent) return { kind: 'absent', id, label, absent: signal.absent, points };
  if (signal.when) return { kind: 'state', id, label, when: signal.when, points };
  const onActivity = { id, label, activity, where, half_life, lifetime };
  if (signal.tiers) return { kind: 'tiered', ...onActivity, tiers: signal.tiers, window: signal.window };
  return { kind: 'counted', ...onActivity, points, max_count: signal.max_count };
}

const signalSchema = signalShape.superRefine(checkKind).transform(toSource);

const groupSchema = z.strictObject({
  id: idSchema,
  label: idSchema.optional(),
  signals: z.array(idSchema),
  max: z.number().optional(),
  min: z.number().optional(),
});

export const behaviorSchema = z.strictObject({
  decay: z.enum(['half_life', 'linear']).optional(),
  half_life: halfLifeSchema.optional(),
  lifetime: durationSchema.optional(),
  min: z.union([z.literal('none'), z.number()], 'expected a number, or none').optional(),
  max: z.number().optional(),
  signals: z.array(signalSchema),
  groups: z.array(groupSchema).optional(),
});
export type BehaviorSource = z.infer<typeof behaviorSchema>;
