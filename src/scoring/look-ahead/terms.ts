// A sum of points as a formula of time: constant, linear and halving terms. Times are milliseconds
// after the start of a segment. Terms of equal half-life are one term.

export interface Terms {
  constant: number;
  /** Linear points at the start of the segment, and their slope per millisecond. */
  linear: number;
  slope: number;
  /** Points at the start of the segment, by the index of their half-life. */
  readonly halving: number[];
}

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/**
 * Two instants of a segment, and the remaining share of each half-life's points at each of them.
 */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly remainingFrom: readonly number[];
  readonly remainingTo: readonly number[];
}

/** @param halfLives the number of half-lives */
export function emptyTerms(halfLives: number): Terms {
  const halving: number[] = [];
  for (let index = 0; index < halfLives; index++) halving.push(0);
  return { constant: 0, linear: 0, slope: 0, halving };
}

export function copyTerms(terms: Terms): Terms {
  return { ...terms, halving: [...terms.halving] };
}

export function addTerms(into: Terms, terms: Terms): void {
  into.constant += terms.constant;
  into.linear += terms.linear;
  into.slope += terms.slope;
  for (let index = 0; index < terms.halving.length; index++) {
    into.halving[index] = (into.halving[index] ?? 0) + (terms.halving[index] ?? 0);
  }
}

export function isConstant({ slope, halving }: Terms): boolean {
  for (const points of halving) if (points !== 0) return false;
  return slope === 0;
}

/** The longest half-life of any term; 0 = no halving term. @param halfLives milliseconds, by index */
export function longestHalfLife({ halving }: Terms, halfLives: readonly number[]): number {
  let longest = 0;
  for (let index = 0; index < halving.length; index++) {
    if (halving[index] !== 0) longest = Math.max(longest, halfLives[index] ?? 0);
  }
  return longest;
}

/** @param remaining the share of each half-life's points that is left at `elapsed` */
export function sumOf(terms: Terms, remaining: readonly number[], elapsed: number): number {
  const { constant, linear, slope, halving } = terms;
  let value = constant + linear + slope * elapsed;
  for (let index = 0; index < halving.length; index++) value += (halving[index] ?? 0) * (remaining[index] ?? 0);
  return value;
}

/** Points per millisecond. @param halfLives milliseconds, by index */
export function slopeOf(terms: Terms, remaining: readonly number[], halfLives: readonly number[]): number {
  const { slope, halving } = terms;
  let sum = slope;
  for (let index = 0; index < halving.length; index++) {
    sum -= ((halving[index] ?? 0) * (remaining[index] ?? 0) * Math.LN2) / (halfLives[index] ?? Infinity);
  }
  return sum;
}

/** Lower and upper bounds of the sum over a span. Each halving term is bounded by itself. */
export function boundsOf({ constant, linear, slope, halving }: Terms, span: Span): Bounds {
  const first = linear + slope * span.from;
  const last = linear + slope * span.to;
  let low = constant + Math.min(first, last);
  let high = constant + Math.max(first, last);
  for (let index = 0; index < halving.length; index++) {
    const points = halving[index] ?? 0;
    const a = points * (span.remainingFrom[index] ?? 0);
    const b = points * (span.remainingTo[index] ?? 0);
    low += Math.min(a, b);
    high += Math.max(a, b);
  }
  return { low, high };
}

/** Lower and upper bounds of the slope over a span. @param halfLives milliseconds, by index */
export function slopeBoundsOf({ slope, halving }: Terms, span: Span, halfLives: readonly number[]): Bounds {
  let low = slope;
  let high = slope;
  for (let index = 0; index < halving.length; index++) {
    const steepness = (-(halving[index] ?? 0) * Math.LN2) / (halfLives[index] ?? Infinity);
    const a = steepness * (span.remainingFrom[index] ?? 0);
    const b = steepness * (span.remainingTo[index] ?? 0);
    low += Math.min(a, b);
    high += Math.max(a, b);
  }
  return { low, high };
}
