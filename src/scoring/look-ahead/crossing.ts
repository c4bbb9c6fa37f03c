// Finds the first second of a segment at which the rounded score leaves a range.
import { roundPoints } from '../rounding.ts';
import type { Segment } from './segment.ts';
import type { ScoreRange } from './steady-range.ts';

/** Changes are near: the stretch that is searched first is this part of the whole. */
const FIRST_PART = 1 / 8;

/**
 * The first second after `from`, up to `to`, whose rounded score is outside the range; null = none.
 * The score at `from` must be inside. A stretch in which the score may fall and rise is divided, unless its bounds stay inside.
 */
export function firstOutside(segment: Segment, from: number, to: number, range: ScoreRange): number | null {
  if (from >= to) return null;
  const { low, high, isFalling, isRising } = segment.between(from * 1000, to * 1000);
  if (roundPoints(low) >= range.min && roundPoints(high) <= range.max) return null;
  if (isFalling || isRising || to - from === 1) {
    return firstOutsideMonotone(segment, from, to, isFalling ? range.min - 0.5 : range.max + 0.5, range);
  }
  const middle = from + Math.max(1, Math.floor((to - from) * FIRST_PART));
  return firstOutside(segment, from, middle, range) ?? firstOutside(segment, middle, to, range);
}

// Newton steps from the left never overshoot the crossing of a score that flattens out. A limit
// adds a kink, where they may overshoot; then bisection takes over.
const NEWTON_STEPS = 12;

/**
 * For a score that only falls or only rises, and is inside at `from`; null = it is inside at `to`, too.
 * @param edge the points at which it leaves the range
 */
function firstOutsideMonotone(
  segment: Segment,
  from: number,
  to: number,
  edge: number,
  range: ScoreRange,
): number | null {
  let [inside, outside] = [from, to + 1];
  let { value, slope } = segment.valueAt(from * 1000);
  for (let step = 0; outside - inside > 1; step++) {
    // Without a slope, as where a limit binds, there is no guess: whether there is a crossing at all comes first.
    const guess = slope === 0 ? Infinity : inside + Math.max(1, Math.floor((edge - value) / slope / 1000));
    const other = outside > to ? to : Math.floor((inside + outside) / 2);
    const next = step < NEWTON_STEPS && guess < outside ? guess : other;
    const there = segment.valueAt(next * 1000);
    if (isInside(there.value, range)) {
      inside = next;
      ({ value, slope } = there);
    } else {
      outside = next;
    }
  }
  return outside > to ? null : outside;
}

function isInside(value: number, range: ScoreRange): boolean {
  const score = roundPoints(value);
  return score >= range.min && score <= range.max;
}
