// Percentiles of measured times.

/** @returns the percentile for a share from 0 to 1, rounded; NaN without durations */
export function percentiles(durations: readonly number[]): (share: number) => number {
  const sorted = durations.toSorted((a, b) => a - b);
  return (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN);
}
