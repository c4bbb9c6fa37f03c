// The score that the best share of all leads reaches: today's threshold of a band with `top: 5%`.

/** The number of leads with a score. */
export interface ScoreCount {
  readonly score: number;
  readonly leads: number;
}

/**
 * Nearest rank: of n leads, the score at rank ceil(n * percent / 100). With few leads that is the
 * best score. All leads at that score are included, even if they exceed the share.
 * @param percent above 0, up to 100
 * @returns null without leads
 */
export function scoreOfBestShare(counts: readonly ScoreCount[], percent: number): number | null {
  const total = counts.reduce((sum, { leads }) => sum + leads, 0);
  // Minus a tolerance: 7 % of 100 is 7.000000000000001 in binary.
  let remaining = Math.ceil((total * percent) / 100 - 1e-9);
  for (const { score, leads } of counts.toSorted((a, b) => b.score - a.score)) {
    remaining -= leads;
    if (remaining <= 0) return score;
  }
  return null;
}
