// The points of each kind of behavior signal at an instant. The ledger collects a signal's
// activities once per lead; here only time varies.
import type { AbsentSignal, CompiledSignal, CountedSignal, TieredSignal } from './compile/compiled-signals.ts';
import type { Ledger } from './ledger.ts';
import { type Line, ownLine } from './rounding.ts';
import { type Decay, decayAt } from './time/decay.ts';
import type { Timeline } from './time/timeline.ts';

/**
 * The line of a signal, with the whole points below its exact ones (rounding.ts shares out the rest). Lines without activities
 * are shared by all leads.
 * @param at epoch milliseconds; activities after it do not count yet
 */
export function scoreSignal(signal: CompiledSignal, ledger: Ledger, at: number): Line {
  if (signal.kind === 'state') return ownLine(ledger.stateLine(signal));
  if (ledger.isHidden(signal)) return signal.unknown;
  if (signal.kind === 'counted') return scoreCounted(signal, ledger.timeline(signal.index), at);
  if (signal.kind === 'tiered') return scoreTiered(signal, ledger.timeline(signal.index), at);
  return scoreAbsent(signal, ledger, at);
}

function scoreCounted(signal: CountedSignal, timeline: Timeline, at: number): Line {
  const end = timeline.countUntil(at);
  if (end === 0) return signal.unmatched;
  const count = Math.min(end, signal.maxCount);
  const exact = signal.points * remainingOf(timeline, end, count, signal.decay, at) + 0;
  return dated(signal, exact, timeline.at(end - 1), mentioned(signal, timeline, { end, count, at }));
}

/** How many of the counted activities the text mentions: those that are not too old to matter, or the latest. */
function mentioned(
  { lookBackMs }: CountedSignal,
  timeline: Timeline,
  { end, count, at }: { readonly end: number; readonly count: number; readonly at: number },
): number {
  let mentionable = count;
  while (mentionable > 1 && at - timeline.at(end - mentionable) >= lookBackMs) mentionable--;
  return mentionable;
}

function scoreTiered(signal: TieredSignal, timeline: Timeline, at: number): Line {
  const count = timeline.countWithin(at, signal.windowMs);
  const tier = tierOf(signal, count);
  if (tier === undefined) return signal.unmatched;
  const latestAt = timeline.at(timeline.countUntil(at) - 1);
  return dated(signal, tier.points * decayAt(signal.decay, at - latestAt) + 0, latestAt, count);
}

function dated({ id, label }: CompiledSignal, exact: number, latestAt: number, count: number): Line {
  const points = Math.floor(exact);
  return { dimension: 'behavior', signal: id, outcome: 'matched', exact, points, label, latestAt, count };
}

function scoreAbsent(signal: AbsentSignal, ledger: Ledger, at: number): Line {
  const created = ledger.createdAt();
  if (created === null) return signal.unknown;
  if (at - created < signal.forMs) return signal.unmatched;
  if (ledger.timeline(signal.index).countWithin(at, signal.forMs) > 0) return signal.unmatched;
  if (signal.requires !== undefined && !(ledger.timeline(signal.requiresSlot).at(0) <= at)) return signal.unmatched;
  return ownLine(signal.matched);
}

/** What is left at `at` of one point for each of the `count` instants before index `end`, the latest first. */
export function remainingOf(timeline: Timeline, end: number, count: number, decay: Decay, at: number): number {
  let sum = 0;
  for (let index = end - 1; index >= end - count; index--) sum += decayAt(decay, at - timeline.at(index));
  return sum;
}

/** The highest tier that `count` reaches; undefined = none. */
export function tierOf({ tiers }: TieredSignal, count: number): { count: number; points: number } | undefined {
  for (const tier of tiers) if (tier.count <= count) return tier;
  return undefined;
}
