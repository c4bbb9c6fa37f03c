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

/** A contribution before it has its share of the displayed points. Lines with a fraction belong to one lead, whole ones to all. */
export interface Line extends Contribution {
  points: number;
}

/** The line for one lead, of a line that leads share. */
export function ownLine(shared: Contribution): Line {
  return Number.isInteger(shared.exact) ? shared : { ...shared };
}

// The indexes of the lines with a fraction, and their fractions; used again for the next lead.
const fractional: number[] = [];
const remainders: number[] = [];
const HAS_ITS_POINT = -1;

/**
 * Gives whole points to the lines of one dimension by the largest-remainder method, so that they sum to the displayed score.
 * @param lines with the whole points below their exact ones
 * @param from the index of the dimension's first line; it ends with the list
 * @param score the rounded sum of the exact points
 */
export function apportion(lines: readonly Line[], from: number, score: number): void {
  let missing = score;
  let count = 0;
  for (let index = from; index < lines.length; index++) {
    const line = lines[index];
    if (line === undefined) continue;
    missing -= line.points;
    const remainder = line.exact - line.points;
    if (remainder <= TOLERANCE) continue;
    fractional[count] = index;
    remainders[count] = remainder;
    count++;
  }
  // Lines with whole points never need another point: fewer points are missing than there are
  // others.
  for (missing = Math.min(missing, count); missing > 0; missing--) {
    const best = largestRemainder(lines, count);
    const line = lines[fractional[best] ?? -1];
    if (line !== undefined) line.points += 1;
    remainders[best] = HAS_ITS_POINT;
  }
}

/** Whose turn it is to get a point, as an index of `fractional`. @param count the number of lines with a fraction */
function largestRemainder(lines: readonly Line[], count: number): number {
  let best = 0;
  let bestRemainder = remainders[0] ?? 0;
  for (let index = 1; index < count; index++) {
    const remainder = remainders[index] ?? 0;
    if (remainder < bestRemainder - TOLERANCE) continue;
    if (
      remainder <= bestRemainder + TOLERANCE &&
      !isBefore(lines[fractional[index] ?? -1], lines[fractional[best] ?? -1])
    )
      continue;
    best = index;
    bestRemainder = remainder;
  }
  return best;
}

/** The order of lines with equal remainders: larger exact value first, then id in code-unit order. */
function isBefore(line: Line | undefined, other: Line | undefined): boolean {
  if (line === undefined || other === undefined) return false;
  const larger = line.exact - other.exact;
  return Math.abs(larger) > TOLERANCE ? larger > 0 : line.signal < other.signal;
}
