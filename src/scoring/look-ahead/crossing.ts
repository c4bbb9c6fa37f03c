// Finds the first second of a segment at which the rounded score leaves a range.
import { roundPoints } from '../rounding.ts';
import type { Segment } from './segment.ts';

/** Rounded scores, both ends included. */
export interface ScoreRange {
  readonly min: number;
  readonly max: number;
}

/**
 * The first second after `from`, up to `to`, whose rounded score is outside the range; null = none.
 * The score at `from` must be inside.
 */
export function firstOutside(segment: Segment, from: number, to: number, range: ScoreRange): number | null {
  if (from >= to) return null;
  if (segment.hasFallingTerm && segment.hasRisingTerm) return firstOutsideBounded(segment, from, to, range);
  return isInside(segment, to, range) ? null : firstOutsideMonotone(segment, from, to, range);
}

// Newton steps from the left never overshoot the crossing of a score that flattens out. A limit
// adds a kink, where they may overshoot; then bisection takes over.
const NEWTON_STEPS = 12;

/** For a score that only falls or only rises: inside at `from`, outside at `to`. */
function firstOutsideMonotone(segment: Segment, from: number, to: number, range: ScoreRange): number {
  let [inside, outside] = [from, to];
  const edge = segment.hasFallingTerm ? range.min - 0.5 : range.max + 0.5;
  for (let step = 0; outside - inside > 1; step++) {
    let next = Math.floor((inside + outside) / 2);
    if (step < NEWTON_STEPS) {
      const { value, slope } = segment.valueAt(inside * 1000);
      const guess = inside + Math.max(1, Math.floor((edge - value) / slope / 1000));
      if (guess < outside) next = guess;
    }
    if (isInside(segment, next, range)) inside = next;
    else outside = next;
  }
  return outside;
}

function isInside(segment: Segment, second: number, range: ScoreRange): boolean {
  const score = roundPoints(segment.valueAt(second * 1000).value);
  return score >= range.min && score <= range.max;
}

/**
 * For a score with falling and rising terms: skips stretches whose bounds stay inside, halves the
 * others.
 */
function firstOutsideBounded(segment: Segment, from: number, to: number, range: ScoreRange): number | null {
  const { low, high } = segment.bounds(from * 1000, to * 1000);
  if (roundPoints(low) >= range.min && roundPoints(high) <= range.max) return null;
  if (to - from === 1) return isInside(segment, to, range) ? null : to;
  const middle = Math.floor((from + to) / 2);
  return firstOutsideBounded(segment, from, middle, range) ?? firstOutsideBounded(segment, middle, to, range);
}
