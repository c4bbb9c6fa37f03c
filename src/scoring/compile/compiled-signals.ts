// The four kinds of behavior signal, compiled: conditions as closures, durations in milliseconds.
import type { Fields } from '../../domain/lead.ts';
import type { Contribution, MatchResult } from '../../domain/score-result.ts';
import { TOLERANCE } from '../rounding.ts';
import type { BehaviorSource } from '../schemas/behavior-schema.ts';
import type { SignalSource } from '../schemas/signal-schema.ts';
import { type Decay, decayOf, negligibleAge } from '../time/decay.ts';
import { durationMs } from '../time/duration.ts';
import { type Condition, compileCondition, compileWhere, conditionFields, whereAttributes } from './conditions.ts';
import { rememberByField } from './remember.ts';

interface BaseSignal {
  readonly id: string;
  readonly label: string;
  /** The index among the signals, and the slot of its activities in a ledger. */
  readonly index: number;
  /** The lines without points, which all leads share. */
  readonly unmatched: Contribution;
  readonly unknown: Contribution;
}
interface ActivitySignal extends BaseSignal {
  readonly activity: string;
  readonly where: (attributes: Fields) => boolean;
  /** The attributes that `where` reads. */
  readonly attributes: readonly string[];
}
export interface CountedSignal extends ActivitySignal {
  readonly kind: 'counted';
  readonly points: number;
  readonly maxCount: number;
  readonly decay: Decay;
  /** The age from which all its activities are worth nothing that a score could show; `Infinity` = never. */
  readonly lookBackMs: number;
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
  readonly matched: Contribution;
  readonly forMs: number;
  readonly requires: string | undefined;
  /** The slot of the required activities in a ledger. */
  readonly requiresSlot: number;
}
export interface StateSignal extends BaseSignal {
  readonly kind: 'state';
  /** The index among the state signals. */
  readonly stateIndex: number;
  /** The fields that its condition reads. */
  readonly fields: readonly string[];
  /** Matched, unmatched, unknown. */
  readonly lines: readonly Contribution[];
  readonly lineOf: (fields: Fields) => Contribution;
}
export type CompiledSignal = CountedSignal | TieredSignal | AbsentSignal | StateSignal;

/** The first slots of a ledger belong to the signals, the next ones to the required activities of absent signals. */
export function compileSignals(behavior: BehaviorSource): CompiledSignal[] {
  return behavior.signals.map((signal, index) => compileSignal(signal, index, behavior));
}

/** The number of slots of a ledger. */
export function slotsOf(signals: readonly CompiledSignal[]): number {
  return signals.length + signals.filter(({ kind }) => kind === 'absent').length;
}

function compileSignal(source: SignalSource, index: number, behavior: BehaviorSource): CompiledSignal {
  const { id, label = id } = source;
  const line = (outcome: MatchResult, exact: number): Contribution => {
    return Object.freeze({ dimension: 'behavior', signal: id, outcome, exact, points: Math.floor(exact), label });
  };
  const base: BaseSignal = { id, label, index, unmatched: line('unmatched', 0), unknown: line('unknown', 0) };
  switch (source.kind) {
    case 'state': {
      const { unmatched, unknown } = base;
      const of = { matched: line('matched', source.points), unmatched, unknown };
      const lines = [of.matched, unmatched, unknown];
      const stateIndex = behavior.signals.slice(0, index).filter(({ kind }) => kind === 'state').length;
      const test = compileCondition(source.when);
      const fields = conditionFields(source.when);
      const lineOf = rememberByField(fields, (values) => of[test(values)]);
      return { kind: 'state', ...base, stateIndex, fields, lines, lineOf };
    }
    case 'absent': {
      const { activity, where, requires_activity: requires } = source.absent;
      const absentBefore = behavior.signals.slice(0, index).filter(({ kind }) => kind === 'absent').length;
      const requiresSlot = behavior.signals.length + absentBefore;
      const forMs = durationMs(source.absent.for);
      const matched = line('matched', source.points);
      return { kind: 'absent', ...base, ...watched(activity, where), matched, forMs, requires, requiresSlot };
    }
    case 'tiered': {
      const tiers = source.tiers.toSorted((a, b) => b.count - a.count);
      const windowMs = durationMs(source.window ?? '90d');
      const decay = decayOf(source, behavior);
      return { kind: 'tiered', ...base, ...watched(source.activity, source.where), tiers, windowMs, decay };
    }
    default: {
      const { points, max_count: maxCount = 1 } = source;
      const decay = decayOf(source, behavior);
      const lookBackMs = negligibleAge(decay, Math.abs(points) * maxCount, TOLERANCE / behavior.signals.length);
      return {
        kind: 'counted',
        ...base,
        ...watched(source.activity, source.where),
        points,
        maxCount,
        decay,
        lookBackMs,
      };
    }
  }
}

function watched(
  activity: string,
  where: Readonly<Record<string, Condition>> | undefined,
): Pick<ActivitySignal, 'activity' | 'where' | 'attributes'> {
  return { activity, where: compileWhere(where), attributes: whereAttributes(where) };
}
