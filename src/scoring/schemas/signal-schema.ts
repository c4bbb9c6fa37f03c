// The schema of a signal in a model file. A signal is exactly one of four kinds; its keys decide
// which.
import type { z } from 'zod';
import { exampleOf } from '../../problems/examples.ts';
import type { Condition } from './condition.ts';
import { oneOfShapes } from './schema-shapes.ts';
import { type AbsentFields, type SignalFields, signalFields } from './signal-fields.ts';

interface BaseSource {
  readonly id: string;
  readonly label?: string | undefined;
}
interface ActivitySource extends BaseSource {
  readonly activity: string;
  readonly where?: Readonly<Record<string, Condition>> | undefined;
  readonly half_life?: string | undefined;
  readonly lifetime?: string | undefined;
}
export interface CountedSource extends ActivitySource {
  readonly kind: 'counted';
  readonly points: number;
  readonly max_count?: number | undefined;
}
export interface TieredSource extends ActivitySource {
  readonly kind: 'tiered';
  readonly tiers: readonly { readonly count: number; readonly points: number }[];
  readonly window?: string | undefined;
}
export interface AbsentSource extends BaseSource {
  readonly kind: 'absent';
  readonly absent: AbsentFields;
  readonly points: number;
}
export interface StateSource extends BaseSource {
  readonly kind: 'state';
  readonly when: Condition;
  readonly points: number;
}
export type SignalSource = CountedSource | TieredSource | AbsentSource | StateSource;

type Key = keyof SignalFields;

const COMMON_KEYS: readonly Key[] = ['id', 'label'];

const KINDS = {
  counted: {
    what: 'a signal that counts activities',
    needs: ['activity', 'points'],
    may: ['where', 'max_count', 'half_life', 'lifetime'],
  },
  tiered: {
    what: 'a signal with tiers',
    needs: ['activity', 'tiers'],
    may: ['where', 'window', 'half_life', 'lifetime'],
  },
  absent: { what: 'a signal with absent', needs: ['absent', 'points'], may: [] },
  state: { what: 'a signal with when', needs: ['when', 'points'], may: [] },
} satisfies Record<string, { what: string; needs: readonly Key[]; may: readonly Key[] }>;

function kindOf(signal: SignalFields): keyof typeof KINDS {
  if (signal.absent !== undefined) return 'absent';
  if (signal.when !== undefined) return 'state';
  return signal.tiers === undefined ? 'counted' : 'tiered';
}

function checkKind(signal: SignalFields, context: z.RefinementCtx): void {
  if (signal.activity === undefined && signal.absent === undefined && signal.when === undefined) {
    context.addIssue({
      code: 'custom',
      message: 'a signal needs one of activity, absent, when',
      params: { fix: 'Add activity: page_view' },
    });
    return;
  }
  const kind = kindOf(signal);
  const { needs, may } = KINDS[kind];
  const allowed = new Set<string>([...COMMON_KEYS, ...needs, ...may]);
  for (const key of needs) {
    if (signal[key] === undefined) {
      context.addIssue({
        code: 'custom',
        message: `${key} is missing: ${KINDS[kind].what} needs it`,
        params: { fix: `Add ${key}: ${exampleOf(key)}` },
      });
    }
  }
  for (const key of Object.keys(signal)) {
    if (allowed.has(key)) continue;
    context.addIssue({
      code: 'custom',
      path: [key],
      message: `${key} does not belong to ${KINDS[kind].what}`,
      params: { fix: `Remove it. The signal may have: ${[...allowed].join(', ')}.` },
    });
  }
  if (signal.half_life !== undefined && signal.lifetime !== undefined) {
    const message = 'the signal has half_life and lifetime, which exclude each other';
    context.addIssue({ code: 'custom', path: ['lifetime'], message, params: { fix: 'Remove one of them.' } });
  }
}

function toSource(signal: SignalFields): SignalSource {
  const { id, label, activity = '', where, points = 0, half_life, lifetime } = signal;
  if (signal.absent) return { kind: 'absent', id, label, absent: signal.absent, points };
  if (signal.when) return { kind: 'state', id, label, when: signal.when, points };
  const base = { id, label, activity, where, half_life, lifetime };
  if (signal.tiers) return { kind: 'tiered', ...base, tiers: signal.tiers, window: signal.window };
  return { kind: 'counted', ...base, points, max_count: signal.max_count };
}

/** The kinds for editors. A signal with both half_life and lifetime has none of these shapes. */
const KIND_SHAPES = Object.values(KINDS).flatMap(({ needs, may }: { needs: readonly Key[]; may: readonly Key[] }) => {
  const lacks = signalFields.keyof().options.filter((key) => ![...COMMON_KEYS, ...needs, ...may].includes(key));
  if (!may.includes('lifetime')) return [{ needs, lacks }];
  return [
    { needs, lacks: [...lacks, 'lifetime'] },
    { needs: [...needs, 'lifetime'], lacks: [...lacks, 'half_life'] },
  ];
});

export const signalSchema = signalFields
  .superRefine(checkKind)
  .meta(oneOfShapes(...KIND_SHAPES))
  .transform(toSource);
