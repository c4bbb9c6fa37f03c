// Rounds exact points to whole points. Every comparison that a floating-point error could decide
// uses these functions.
import type { Contribution } from '../domain/score-result.ts';

/**
 * The floating-point error that must not decide a comparison (a half, a threshold, "at least 1
 * point").
 */
export const TOLERANCE = 1e-9;

/** Rounds to whole points, half away from zero: 1.5 is 2, -1.5 is -2. */
export function roundPoints(exact: number): number {
  const size = Math.floor(Math.abs(exact) + 0.5 + TOLERANCE);
  // 0 - size is never -0, which deep equality would distinguish from 0.
  return exact < 0 ? 0 - size : size;
}

/** Whether `value` reaches `threshold`, within the tolerance. */
export function reaches(value: number, threshold: number): boolean {
  return value >= threshold - TOLERANCE;
}

/**
 * Gives whole points to the lines of one dimension by the largest-remainder method, so that they sum to the displayed score. A
 * line that gets a point more is replaced, as leads share lines.
 * @param lines with the whole points below their exact ones
 * @param from the index of the dimension's first line; it ends with the list
 * @param score the rounded sum of the exact points
 */
export function apportion(lines: Contribution[], from: number, score: number): void {
  let missing = score;
  for (let index = from; index < lines.length; index++) missing -= lines[index]?.points ?? 0;
  // Lines with whole points never need another point: fewer points are missing than there are
  // others.
  for (; missing > 0; missing--) {
    const index = largestRemainder(lines, from);
    const line = lines[index];
    if (line === undefined) return;
    lines[index] = { ...line, points: line.points + 1 };
  }
}

/** The index of the line whose turn it is to get a point; -1 = every line with a remainder has one. */
function largestRemainder(lines: readonly Contribution[], from: number): number {
  let best = -1;
  let bestRemainder = TOLERANCE;
  for (let index = from; index < lines.length; index++) {
    const line = lines[index];
    if (line === undefined) continue;
    const remainder = line.exact - line.points;
    // Below 0 for a line that has its point.
    if (remainder <= TOLERANCE || remainder < bestRemainder - TOLERANCE) continue;
    if (remainder > bestRemainder + TOLERANCE || isBefore(line, lines[best])) {
      best = index;
      bestRemainder = remainder;
    }
  }
  return best;
}

/** The order of lines with equal remainders: larger exact value first, then id in code-unit order. */
function isBefore(line: Contribution, other: Contribution | undefined): boolean {
  if (other === undefined) return true;
  const larger = line.exact - other.exact;
  return Math.abs(larger) > TOLERANCE ? larger > 0 : line.signal < other.signal;
}
