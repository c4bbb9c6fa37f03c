// The four kinds of behavior signal, compiled: conditions as closures, durations in milliseconds.
import type { Fields } from '../../domain/lead.ts';
import { type Decay, decayOf } from '../decay.ts';
import { durationMs } from '../duration.ts';
import type { BehaviorSource } from '../schemas/behavior-schema.ts';
import type { SignalSource } from '../schemas/signal-schema.ts';
import { compileCondition, compileWhere, conditionFields, type FieldTest } from './conditions.ts';

interface BaseSignal {
  readonly id: string;
  readonly label: string;
  /** The index among the signals, and the slot of its activities in a ledger. */
  readonly index: number;
}
interface ActivitySignal extends BaseSignal {
  readonly activity: string;
  readonly where: (attributes: Fields) => boolean;
}
export interface CountedSignal extends ActivitySignal {
  readonly kind: 'counted';
  readonly points: number;
  readonly maxCount: number;
  readonly decay: Decay;
}
export interface TieredSignal extends ActivitySignal {
  readonly kind: 'tiered';
  /** Highest count first. */
  readonly tiers: readonly { readonly count: number; readonly points: number }[];
  readonly windowMs: number;
  readonly decay: Decay;
}
export interface AbsentSignal extends ActivitySignal {
  readonly kind: 'absent';
  readonly points: number;
  readonly forMs: number;
  readonly requires: string | undefined;
  /** The slot of the required activities in a ledger. */
  readonly requiresSlot: number;
}
export interface StateSignal extends BaseSignal {
  readonly kind: 'state';
  readonly points: number;
  /** The fields that its condition reads. */
  readonly fields: readonly string[];
  readonly test: FieldTest;
}
export type CompiledSignal = CountedSignal | TieredSignal | AbsentSignal | StateSignal;

/** Ledger slots 0 to n-1 belong to the signals, slots n to 2n-1 to their required activities. */
export function compileSignals(behavior: BehaviorSource): CompiledSignal[] {
  return behavior.signals.map((signal, index) => compileSignal(signal, index, behavior));
}

function compileSignal(source: SignalSource, index: number, behavior: BehaviorSource): CompiledSignal {
  const { id, label = id } = source;
  switch (source.kind) {
    case 'state': {
      const { points, when } = source;
      return { kind: 'state', id, label, index, points, fields: conditionFields(when), test: compileCondition(when) };
    }
    case 'absent': {
      const { activity, where, requires_activity: requires } = source.absent;
      const base = { id, label, index, activity, where: compileWhere(where) };
      const requiresSlot = behavior.signals.length + index;
      const forMs = durationMs(source.absent.for);
      return { kind: 'absent', ...base, points: source.points, forMs, requires, requiresSlot };
    }
    case 'tiered': {
      const base = { id, label, index, activity: source.activity, where: compileWhere(source.where) };
      const tiers = source.tiers.toSorted((a, b) => b.count - a.count);
      const windowMs = durationMs(source.window ?? '90d');
      return { kind: 'tiered', ...base, tiers, windowMs, decay: decayOf(source, behavior) };
    }
    default: {
      const base = { id, label, index, activity: source.activity, where: compileWhere(source.where) };
      const maxCount = source.max_count ?? 1;
      return { kind: 'counted', ...base, points: source.points, maxCount, decay: decayOf(source, behavior) };
    }
  }
}
