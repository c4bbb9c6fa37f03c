// The four kinds of behavior signal, compiled, and what each is worth at an instant. Which activities a signal looks at is
// collected once per lead (ledger.ts); here only time is left to vary.
import type { Fields } from '../domain/lead.ts';
import type { Outcome } from '../domain/score-result.ts';
import { compileCondition, compileWhere, type FieldTest } from './conditions.ts';
import { type Decay, decayAt, decayOf } from './decay.ts';
import { durationMs } from './duration.ts';
import type { Ledger } from './ledger.ts';
import type { BehaviorSource, SignalSource } from './signal-schema.ts';

interface Identified {
  readonly id: string;
  readonly label: string;
  /** Its place among the signals, and the slot of its activities in a ledger. */
  readonly index: number;
}
interface Watching extends Identified {
  readonly activity: string;
  readonly where: (attributes: Fields) => boolean;
}
export interface CountedSignal extends Watching {
  readonly kind: 'counted';
  readonly points: number;
  readonly maxCount: number;
  readonly decay: Decay;
}
export interface TieredSignal extends Watching {
  readonly kind: 'tiered';
  /** Highest count first. */
  readonly tiers: readonly { readonly count: number; readonly points: number }[];
  readonly windowMs: number;
  readonly decay: Decay;
}
export interface AbsentSignal extends Watching {
  readonly kind: 'absent';
  readonly points: number;
  readonly forMs: number;
  readonly requires: string | undefined;
  /** The slot of the required activities in a ledger. */
  readonly requiresSlot: number;
}
export interface StateSignal extends Identified {
  readonly kind: 'state';
  readonly points: number;
  readonly test: FieldTest;
}
export type CompiledSignal = CountedSignal | TieredSignal | AbsentSignal | StateSignal;

/** What a signal is worth at an instant, and why. */
export interface SignalScore {
  readonly outcome: Outcome;
  readonly exact: number;
  /** When the latest activity that counts happened (epoch ms). */
  readonly latestAt?: number;
  readonly count?: number;
}

const UNKNOWN: SignalScore = { outcome: 'unknown', exact: 0 };
const UNMATCHED: SignalScore = { outcome: 'unmatched', exact: 0 };

/** Slots 0 to n-1 of a ledger are the signals', n to 2n-1 those of required activities. */
export function compileSignals(behavior: BehaviorSource): CompiledSignal[] {
  return behavior.signals.map((signal, index) => compileSignal(signal, index, behavior));
}

function compileSignal(source: SignalSource, index: number, behavior: BehaviorSource): CompiledSignal {
  const { id, label = id } = source;
  switch (source.kind) {
    case 'state':
      return { kind: 'state', id, label, index, points: source.points, test: compileCondition(source.when) };
    case 'absent': {
      const { activity, where, requires_activity: requires } = source.absent;
      const watching = { id, label, index, activity, where: compileWhere(where) };
      const requiresSlot = behavior.signals.length + index;
      const forMs = durationMs(source.absent.for);
      return { kind: 'absent', ...watching, points: source.points, forMs, requires, requiresSlot };
    }
    case 'tiered': {
      const watching = { id, label, index, activity: source.activity, where: compileWhere(source.where) };
      const tiers = source.tiers.toSorted((a, b) => b.count - a.count);
      const windowMs = durationMs(source.window ?? '90d');
      return { kind: 'tiered', ...watching, tiers, windowMs, decay: decayOf(source, behavior) };
    }
    default: {
      const watching = { id, label, index, activity: source.activity, where: compileWhere(source.where) };
      const maxCount = source.max_count ?? 1;
      return { kind: 'counted', ...watching, points: source.points, maxCount, decay: decayOf(source, behavior) };
    }
  }
}

/** @param at epoch milliseconds; activities after it do not count yet */
export function scoreSignal(signal: CompiledSignal, ledger: Ledger, at: number): SignalScore {
  if (ledger.isHidden(signal)) return UNKNOWN;
  switch (signal.kind) {
    case 'counted':
      return scoreCounted(signal, ledger.times(signal.index), at);
    case 'tiered':
      return scoreTiered(signal, ledger.times(signal.index), at);
    case 'absent':
      return scoreAbsent(signal, ledger, at);
    default: {
      const outcome = ledger.stateOf(signal);
      return { outcome, exact: outcome === 'matched' ? signal.points : 0 };
    }
  }
}

function scoreCounted(signal: CountedSignal, times: readonly number[], at: number): SignalScore {
  const first = firstPast(times, at);
  const latestAt = times[first];
  if (latestAt === undefined) return UNMATCHED;
  const end = Math.min(times.length, first + signal.maxCount);
  let left = 0;
  for (let index = first; index < end; index++) left += decayAt(signal.decay, at - (times[index] ?? at));
  return { outcome: 'matched', exact: signal.points * left + 0, latestAt, count: end - first };
}

function scoreTiered(signal: TieredSignal, times: readonly number[], at: number): SignalScore {
  const first = firstPast(times, at);
  const latestAt = times[first];
  const count = countWithin(times, first, at, signal.windowMs);
  const tier = tierOf(signal, count);
  if (latestAt === undefined || !tier) return UNMATCHED;
  return { outcome: 'matched', exact: tier.points * decayAt(signal.decay, at - latestAt) + 0, latestAt, count };
}

function scoreAbsent(signal: AbsentSignal, ledger: Ledger, at: number): SignalScore {
  const created = ledger.createdAt();
  if (created === null) return UNKNOWN;
  if (at - created < signal.forMs) return UNMATCHED;
  const times = ledger.times(signal.index);
  const latest = times[firstPast(times, at)];
  if (latest !== undefined && at - latest < signal.forMs) return UNMATCHED;
  if (signal.requires !== undefined) {
    const earliest = ledger.times(signal.requiresSlot).at(-1);
    if (earliest === undefined || earliest > at) return UNMATCHED;
  }
  return { outcome: 'matched', exact: signal.points };
}

/** The place of the latest time that is not after `at`, in times that are latest first. */
export function firstPast(times: readonly number[], at: number): number {
  let index = 0;
  while (index < times.length && (times[index] ?? at) > at) index++;
  return index;
}

/** How many times from place `first` on are younger than the window. */
export function countWithin(times: readonly number[], first: number, at: number, windowMs: number): number {
  let index = first;
  while (index < times.length && at - (times[index] ?? at) < windowMs) index++;
  return index - first;
}

/** The highest tier that `count` reaches. */
export function tierOf(signal: TieredSignal, count: number): { count: number; points: number } | undefined {
  return signal.tiers.find((tier) => tier.count <= count);
}
