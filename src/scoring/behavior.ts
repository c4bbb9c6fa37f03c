// What the lead did: the sum of the signals, with groups and the whole kept within their limits. What a limit cuts off is a
// line of its own, so that the lines always sum to the score.

import { type CompiledSignal, compileSignals } from './compile/compiled-signals.ts';
import { type Ledger, type SubscriptionsByType, subscriptionsByType } from './ledger.ts';
import { TOLERANCE } from './rounding.ts';
import type { BehaviorSource } from './schemas/signal-schema.ts';
import { type SignalScore, scoreSignal } from './signals.ts';

export interface Limits {
  readonly min: number;
  readonly max: number;
}
export interface CompiledGroup extends Limits {
  readonly id: string;
  readonly label: string;
}
export interface CompiledBehavior {
  readonly signals: readonly CompiledSignal[];
  readonly watchers: SubscriptionsByType;
  readonly groups: readonly CompiledGroup[];
  /** By signal: the place of its group, -1 for none. */
  readonly groupOf: readonly number[];
  readonly limits: Limits;
}

/** A cap's or limit's line; never 0. */
interface CutLine {
  /** `cap:<group>` or `limit:behavior` */
  readonly signal: string;
  readonly label: string;
  readonly exact: number;
}
export interface BehaviorScore {
  /** Unrounded, within the limits. */
  readonly exact: number;
  /** By signal. */
  readonly signals: readonly SignalScore[];
  readonly cuts: readonly CutLine[];
}

export function compileBehavior(behavior: BehaviorSource = { signals: [], min: 'none' }): CompiledBehavior {
  const signals = compileSignals(behavior);
  const sources = behavior.groups ?? [];
  const { min = 0, max = Infinity } = behavior;
  return {
    signals,
    watchers: subscriptionsByType(signals),
    groups: sources.map(({ id, label = id, ...limits }) => {
      return { id, label, min: limits.min ?? -Infinity, max: limits.max ?? Infinity };
    }),
    groupOf: signals.map(({ id }) => sources.findIndex((group) => group.signals.includes(id))),
    limits: { min: min === 'none' ? -Infinity : min, max },
  };
}

export function clamp(value: number, { min, max }: Limits): number {
  return Math.min(max, Math.max(min, value));
}

/** @param at epoch milliseconds */
export function scoreBehavior(behavior: CompiledBehavior, ledger: Ledger, at: number): BehaviorScore {
  const signals = behavior.signals.map((signal) => scoreSignal(signal, ledger, at));
  return limitBehavior(behavior, signals);
}

/** The sum of what the signals are worth, within the limits. */
export function limitBehavior(behavior: CompiledBehavior, signals: readonly SignalScore[]): BehaviorScore {
  const { groups, groupOf, limits } = behavior;
  let sum = 0;
  const sums = groups.map(() => 0);
  signals.forEach(({ exact }, index) => {
    const group = groupOf[index] ?? -1;
    if (group === -1) sum += exact;
    else sums[group] = (sums[group] ?? 0) + exact;
  });
  const cuts: CutLine[] = [];
  groups.forEach((group, index) => {
    const whole = sums[index] ?? 0;
    const kept = clamp(whole, group);
    sum += kept;
    if (Math.abs(kept - whole) > TOLERANCE) {
      cuts.push({ signal: `cap:${group.id}`, label: group.label, exact: kept - whole });
    }
  });
  const exact = clamp(sum, limits) + 0;
  if (Math.abs(exact - sum) > TOLERANCE) {
    cuts.push({ signal: 'limit:behavior', label: 'limit:behavior', exact: exact - sum });
  }
  return { exact, signals, cuts };
}
