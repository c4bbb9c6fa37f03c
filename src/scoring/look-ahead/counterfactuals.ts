// Finds the smallest further activity that would give a lead a better status.
import { type Assessment, strongSignals } from '../assess.ts';
import { limitBehavior } from '../behavior.ts';
import type { CompiledSignal, CountedSignal, TieredSignal } from '../compile/compiled-signals.ts';
import { decayAt } from '../decay.ts';
import { roundPoints } from '../rounding.ts';
import { countWithin, lowerBound, type SignalScore, tierOf } from '../signals.ts';
import { applyGates, chooseBand, type LeadPosition } from '../status.ts';

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
export function smallestUpgrade(assessment: Assessment, now: number): NextStep | null {
  let smallest: NextStep | null = null;
  for (const signal of assessment.model.behavior.signals) {
    if (signal.kind !== 'counted' && signal.kind !== 'tiered') continue;
    if (assessment.ledger.isHidden(signal)) continue;
    const after = valueAfterOneMore(signal, assessment.ledger.times(signal.index), now);
    const gain = after - (assessment.behavior.signals[signal.index]?.exact ?? 0);
    if (smallest && gain >= smallest.gain) continue;
    const bandIndex = bandIndexWith(assessment, signal, after);
    if (bandIndex < assessment.bandIndex) smallest = { signal, gain, bandIndex };
  }
  return smallest;
}

function valueAfterOneMore(signal: CountedSignal | TieredSignal, times: readonly number[], now: number): number {
  const first = lowerBound(times, now);
  if (signal.kind === 'tiered') {
    return tierOf(signal, countWithin(times, first, now, signal.windowMs) + 1)?.points ?? 0;
  }
  const counted = times.slice(first, first + signal.maxCount - 1);
  return signal.points * counted.reduce((sum, at) => sum + decayAt(signal.decay, now - at), 1);
}

function bandIndexWith(assessment: Assessment, signal: CompiledSignal, exact: number): number {
  const { model, position, thresholds, gates } = assessment;
  const scores = assessment.behavior.signals.map((score, index): SignalScore => {
    return index === signal.index ? { outcome: 'matched', exact } : score;
  });
  const upgraded: LeadPosition = {
    ...position,
    behavior: roundPoints(limitBehavior(model.behavior, scores).exact),
    strong: strongSignals(model, scores),
  };
  return applyGates(chooseBand(model.status, upgraded, thresholds), gates);
}
