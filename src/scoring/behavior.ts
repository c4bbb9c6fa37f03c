// The behavior score: the sum of the signals, limited per group and in total. The points that a
// limit cuts off are a line of their own, so that the lines always sum to the score.
import { type CompiledSignal, compileSignals } from './compile/compiled-signals.ts';
import { type Ledger, type SubscriptionsByType, subscriptionsByType } from './ledger.ts';
import { TOLERANCE } from './rounding.ts';
import type { BehaviorSource } from './schemas/behavior-schema.ts';
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
  readonly subscriptions: SubscriptionsByType;
  readonly groups: readonly CompiledGroup[];
  /** By signal index: the index of its group; -1 = none. */
  readonly groupOf: readonly number[];
  readonly limits: Limits;
}

/** The line of a cap or limit; its points are never 0. */
interface CutLine {
  /** `cap:<group>` or `limit:behavior` */
  readonly signal: string;
  readonly label: string;
  readonly exact: number;
}
export interface BehaviorScore {
  /** Unrounded points, within the limits. */
  readonly exact: number;
  /** By signal index. */
  readonly signals: readonly SignalScore[];
  readonly cuts: readonly CutLine[];
}

export function compileBehavior(behavior: BehaviorSource = { signals: [], min: 'none' }): CompiledBehavior {
  const signals = compileSignals(behavior);
  const sources = behavior.groups ?? [];
  const { min = 0, max = Infinity } = behavior;
  return {
    signals,
    subscriptions: subscriptionsByType(signals),
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

/** The sum of the signals' points, within the limits. */
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
    const groupSum = sums[index] ?? 0;
    const limited = clamp(groupSum, group);
    sum += limited;
    if (Math.abs(limited - groupSum) > TOLERANCE) {
      cuts.push({ signal: `cap:${group.id}`, label: group.label, exact: limited - groupSum });
    }
  });
  const exact = clamp(sum, limits) + 0;
  if (Math.abs(exact - sum) > TOLERANCE) {
    cuts.push({ signal: 'limit:behavior', label: 'limit:behavior', exact: exact - sum });
  }
  return { exact, signals, cuts };
}
