// What comes next for a lead: when its status changes by itself, and the least that it would have to do for a better one.
import { type Assessment, strongSignals } from '../assess.ts';
import { limitBehavior } from '../behavior.ts';
import type { CompiledSignal, CountedSignal, TieredSignal } from '../compile/compiled-signals.ts';
import { decayAt } from '../decay.ts';
import { roundPoints } from '../rounding.ts';
import { countWithin, lowerBound, type SignalScore, tierOf } from '../signals.ts';
import { applyGates, chooseBand, type LeadPosition } from '../status.ts';

export interface NextStep {
  readonly signal: CompiledSignal;
  /** What the signal's own value would gain, exact points. */
  readonly gain: number;
  /** The place of the band that it would reach. */
  readonly place: number;
}

/**
 * The single further activity, happening now, with the smallest gain of a counted or tiered signal's own value that would
 * reach a better band; null when none would.
 */
export function smallestUpgrade(assessment: Assessment, now: number): NextStep | null {
  let cheapest: NextStep | null = null;
  for (const signal of assessment.model.behavior.signals) {
    if (signal.kind !== 'counted' && signal.kind !== 'tiered') continue;
    if (assessment.ledger.isHidden(signal)) continue;
    const after = valueAfterOneMore(signal, assessment.ledger.times(signal.index), now);
    const gain = after - (assessment.behavior.signals[signal.index]?.exact ?? 0);
    if (cheapest && gain >= cheapest.gain) continue;
    const place = placeWith(assessment, signal, after);
    if (place < assessment.place) cheapest = { signal, gain, place };
  }
  return cheapest;
}

function valueAfterOneMore(signal: CountedSignal | TieredSignal, times: readonly number[], now: number): number {
  const first = lowerBound(times, now);
  if (signal.kind === 'tiered') {
    return tierOf(signal, countWithin(times, first, now, signal.windowMs) + 1)?.points ?? 0;
  }
  const kept = times.slice(first, first + signal.maxCount - 1);
  return signal.points * kept.reduce((sum, at) => sum + decayAt(signal.decay, now - at), 1);
}

function placeWith(assessment: Assessment, signal: CompiledSignal, exact: number): number {
  const { model, standing, thresholds, gates } = assessment;
  const scores = assessment.behavior.signals.map((score, index): SignalScore => {
    return index === signal.index ? { outcome: 'matched', exact } : score;
  });
  const then: LeadPosition = {
    ...standing,
    behavior: roundPoints(limitBehavior(model.behavior, scores).exact),
    strong: strongSignals(model, scores),
  };
  return applyGates(chooseBand(model.status, then, thresholds), gates);
}
