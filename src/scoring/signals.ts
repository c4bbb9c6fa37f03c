// The points of each kind of behavior signal at an instant. The ledger collects a signal's
// activities once per lead; here only time varies.
import type { MatchResult } from '../domain/score-result.ts';
import type { AbsentSignal, CompiledSignal, CountedSignal, TieredSignal } from './compile/compiled-signals.ts';
import { decayAt } from './decay.ts';
import type { Ledger } from './ledger.ts';

/** The points of a signal at an instant, with the activities that gave them. */
export interface SignalScore {
  readonly outcome: MatchResult;
  readonly exact: number;
  /** The instant of the latest counted activity (epoch ms). */
  readonly latestAt?: number;
  readonly count?: number;
}

const UNKNOWN: SignalScore = { outcome: 'unknown', exact: 0 };
const UNMATCHED: SignalScore = { outcome: 'unmatched', exact: 0 };

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
  const first = lowerBound(times, at);
  const latestAt = times[first];
  if (latestAt === undefined) return UNMATCHED;
  const end = Math.min(times.length, first + signal.maxCount);
  let weight = 0;
  for (let index = first; index < end; index++) weight += decayAt(signal.decay, at - (times[index] ?? at));
  return { outcome: 'matched', exact: signal.points * weight + 0, latestAt, count: end - first };
}

function scoreTiered(signal: TieredSignal, times: readonly number[], at: number): SignalScore {
  const first = lowerBound(times, at);
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
  const latest = times[lowerBound(times, at)];
  if (latest !== undefined && at - latest < signal.forMs) return UNMATCHED;
  if (signal.requires !== undefined) {
    const earliest = ledger.times(signal.requiresSlot).at(-1);
    if (earliest === undefined || earliest > at) return UNMATCHED;
  }
  return { outcome: 'matched', exact: signal.points };
}

/** The index of the latest time that is not after `at`. The times must be sorted latest first. */
export function lowerBound(times: readonly number[], at: number): number {
  let index = 0;
  while (index < times.length && (times[index] ?? at) > at) index++;
  return index;
}

/** The number of times, from index `first` on, that are inside the window before `at`. */
export function countWithin(times: readonly number[], first: number, at: number, windowMs: number): number {
  let index = first;
  while (index < times.length && at - (times[index] ?? at) < windowMs) index++;
  return index - first;
}

/** The highest tier that `count` reaches; undefined = none. */
export function tierOf(signal: TieredSignal, count: number): { count: number; points: number } | undefined {
  return signal.tiers.find((tier) => tier.count <= count);
}
