// Finds the smallest further activity that would give a lead a better status.
import { type Standing, strongSignals } from '../assess.ts';
import { sumWithinLimits } from '../behavior.ts';
import { thresholdsAfter } from '../capacity/lead-thresholds.ts';
import type { CompiledSignal, CountedSignal, TieredSignal } from '../compile/compiled-signals.ts';
import { roundPoints } from '../rounding.ts';
import { remainingOf, tierOf } from '../signals.ts';
import { applyGates, basisValue, chooseBand, type LeadPosition } from '../status.ts';
import type { Timeline } from '../time/timeline.ts';

export interface NextStep {
  readonly signal: CompiledSignal;
  /** The gain of the signal's own value, in exact points. */
  readonly gain: number;
  /** The index of the band that it would reach. */
  readonly bandIndex: number;
}

/**
 * The single further activity, happening now, that reaches a better band with the smallest gain of
 * a counted or tiered signal's own value; null = no single activity does.
 */
export function smallestUpgrade(standing: Standing, now: number): NextStep | null {
  if (standing.bandIndex === 0) return null;
  let smallest: NextStep | null = null;
  const exact = [...standing.exact];
  for (const signal of standing.model.behavior.signals) {
    if (signal.kind !== 'counted' && signal.kind !== 'tiered') continue;
    if (standing.ledger.isHidden(signal)) continue;
    const before = exact[signal.index] ?? 0;
    const after = valueAfterOneMore(signal, standing.ledger.timeline(signal.index), now);
    const gain = after - before;
    if (smallest && gain >= smallest.gain) continue;
    exact[signal.index] = after;
    const bandIndex = bandIndexWith(standing, exact);
    exact[signal.index] = before;
    if (bandIndex < standing.bandIndex) smallest = { signal, gain, bandIndex };
  }
  return smallest;
}

function valueAfterOneMore(signal: CountedSignal | TieredSignal, timeline: Timeline, now: number): number {
  if (signal.kind === 'tiered') return tierOf(signal, timeline.countWithin(now, signal.windowMs) + 1)?.points ?? 0;
  const end = timeline.countUntil(now);
  const counted = Math.min(end, signal.maxCount - 1);
  return signal.points * (1 + remainingOf(timeline, end, counted, signal.decay, now));
}

/** @param exact the points by signal index */
function bandIndexWith(standing: Standing, exact: readonly number[]): number {
  const { model, position, gates, bandIndex } = standing;
  const upgraded: LeadPosition = {
    ...position,
    behavior: roundPoints(sumWithinLimits(model.behavior, exact)),
    strong: strongSignals(model, exact),
  };
  const change = basisValue(model.status, upgraded) - basisValue(model.status, position);
  const thresholds = thresholdsAfter(change, model.status, standing.thresholds, bandIndex);
  return applyGates(chooseBand(model.status, upgraded, thresholds), gates);
}
