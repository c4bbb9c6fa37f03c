// Rounds exact points to whole points. Every comparison that a floating-point error could decide
// uses these functions.

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

interface Line {
  readonly signal: string;
  readonly exact: number;
}

/**
 * Distributes `score` as whole points over the lines by the largest-remainder method.
 * @param lines exact points; their sum rounds to `score`
 * @returns points in the order of the lines
 */
export function apportion(lines: readonly Line[], score: number): number[] {
  const points = lines.map((line) => Math.floor(line.exact));
  let missing = score - points.reduce((sum, each) => sum + each, 0);
  if (missing === 0) return points;
  // Lines with whole points never need another point: fewer points are missing than there are
  // others.
  const order = [...lines.keys()].filter((index) => hasRemainder(lines[index]?.exact ?? 0));
  if (order.length > 1) order.sort((a, b) => byRemainder(lines[a], lines[b]));
  for (const index of order) {
    if (missing <= 0) break;
    points[index] = (points[index] ?? 0) + 1;
    missing--;
  }
  return points;
}

function hasRemainder(exact: number): boolean {
  return exact - Math.floor(exact) > TOLERANCE;
}

function byRemainder(a: Line | undefined, b: Line | undefined): number {
  if (!a || !b) return 0;
  const remainder = b.exact - Math.floor(b.exact) - (a.exact - Math.floor(a.exact));
  if (Math.abs(remainder) > TOLERANCE) return remainder;
  const exact = b.exact - a.exact;
  if (Math.abs(exact) > TOLERANCE) return exact;
  if (a.signal === b.signal) return 0;
  return a.signal < b.signal ? -1 : 1;
}
