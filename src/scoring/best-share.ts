// The points that the best share of all leads reach: what `top: 5%` of a band is worth today.

/** How many leads have a score. */
export interface ScoreCount {
  readonly score: number;
  readonly leads: number;
}

/**
 * By nearest rank: of n leads the score of the one at place ceil(n * percent / 100), so that with few leads it is that of the best
 * one. All leads at that score are in, even when they are more than the share.
 * @param percent above 0, up to 100
 * @returns null without leads
 */
export function scoreOfBestShare(counts: readonly ScoreCount[], percent: number): number | null {
  const total = counts.reduce((sum, { leads }) => sum + leads, 0);
  // A hair less: 7 % of 100 is 7.000000000000001 in binary.
  let left = Math.ceil((total * percent) / 100 - 1e-9);
  for (const { score, leads } of counts.toSorted((a, b) => b.score - a.score)) {
    left -= leads;
    if (left <= 0) return score;
  }
  return null;
}
