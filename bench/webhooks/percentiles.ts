// Percentiles of measured times.

/** @returns what so large a share of them does not exceed; NaN of none */
export function percentiles(took: readonly number[]): (share: number) => number {
  const sorted = took.toSorted((a, b) => a - b);
  return (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN);
}
