// The behavior score: the sum of the signals, limited per group and in total. The points that a
// limit cuts off are a line of their own, so that the lines always sum to the score.
import { type CompiledSignal, compileSignals, slotsOf } from './compile/compiled-signals.ts';
import { compileSubscriptions, type Subscriptions } from './compile/subscriptions.ts';
import { Ledger } from './ledger.ts';
import { type Line, TOLERANCE } from './rounding.ts';
import type { BehaviorSource } from './schemas/behavior-schema.ts';

export interface Limits {
  readonly min: number;
  readonly max: number;
}
export interface CompiledGroup extends Limits {
  readonly id: string;
  readonly label: string;
  /** The indexes of its signals. */
  readonly members: readonly number[];
}
export interface CompiledBehavior {
  readonly signals: readonly CompiledSignal[];
  readonly subscriptions: Subscriptions;
  /** The number of slots of the ledger. */
  readonly slots: number;
  /** Reads each lead in turn. */
  readonly ledger: Ledger;
  readonly groups: readonly CompiledGroup[];
  /** The indexes of the signals without a group. */
  readonly ungrouped: readonly number[];
  /** The half-lives of all signals in milliseconds, each once. */
  readonly halfLives: readonly number[];
  readonly limits: Limits;
}

export function compileBehavior(behavior: BehaviorSource = { signals: [], min: 'none' }): CompiledBehavior {
  const signals = compileSignals(behavior);
  const subscriptions = compileSubscriptions(signals);
  const slots = slotsOf(signals);
  const groups = (behavior.groups ?? []).map(({ id, label = id, signals: ids, min = -Infinity, max = Infinity }) => {
    return { id, label, min, max, members: indexesOf(signals, (signal) => ids.includes(signal.id)) };
  });
  const grouped = new Set(groups.flatMap(({ members }) => members));
  const { min = 0, max = Infinity } = behavior;
  return {
    signals,
    subscriptions,
    slots,
    ledger: new Ledger(subscriptions, slots),
    groups,
    ungrouped: indexesOf(signals, ({ index }) => !grouped.has(index)),
    halfLives: [...new Set(signals.flatMap(halfLivesOf))],
    limits: { min: min === 'none' ? -Infinity : min, max },
  };
}

function halfLivesOf(signal: CompiledSignal): readonly number[] {
  return 'decay' in signal && signal.decay.shape === 'half_life' ? [signal.decay.ms] : [];
}

function indexesOf(signals: readonly CompiledSignal[], isWanted: (signal: CompiledSignal) => boolean): number[] {
  return signals.filter(isWanted).map(({ index }) => index);
}

export function clamp(value: number, { min, max }: Limits): number {
  return Math.min(max, Math.max(min, value));
}

/**
 * The sum of the signals' points, within the limits.
 * @param exact points by signal index
 * @param lines receives a line for each cap or limit that cuts something off
 */
export function sumWithinLimits(
  { groups, ungrouped, limits }: CompiledBehavior,
  exact: readonly number[],
  lines?: Line[],
): number {
  let sum = sumOf(ungrouped, exact);
  for (const group of groups) {
    const own = sumOf(group.members, exact);
    const limited = clamp(own, group);
    sum += limited;
    if (Math.abs(limited - own) > TOLERANCE) lines?.push(cutLine(`cap:${group.id}`, group.label, limited - own));
  }
  const limited = clamp(sum, limits) + 0;
  if (Math.abs(limited - sum) > TOLERANCE) lines?.push(cutLine('limit:behavior', 'limit:behavior', limited - sum));
  return limited;
}

/** @param exact the points that a cap or limit cuts off, never 0 */
function cutLine(signal: string, label: string, exact: number): Line {
  return { dimension: 'behavior', signal, outcome: 'matched', exact, points: Math.floor(exact), label };
}

function sumOf(indexes: readonly number[], exact: readonly number[]): number {
  let sum = 0;
  for (const index of indexes) sum += exact[index] ?? 0;
  return sum;
}
