// Compares our score with another one of the same leads: the difference of each, and whether both
// put the leads in the same order. The scales may differ, so ranks are compared, not points. Pure.
import { scoreOfBestShare } from '../scoring/best-share.ts';

export interface ScorePair {
  readonly id: string;
  readonly ours: number;
  readonly theirs: number;
}

export interface ComparedLead extends ScorePair {
  /** 1 = the best. Equal scores share the mean of their ranks. */
  readonly our_rank: number;
  readonly their_rank: number;
}

export interface ScoreComparison {
  readonly leads: number;
  /** Spearman's rank correlation, -1 to 1; null if one of the scores is the same for all leads. */
  readonly rank_agreement: number | null;
  /** Of the tenth that the other score puts first, the share that ours puts first, too; null if one of the scores is the same for all leads. */
  readonly shared_top: number | null;
  /** The largest difference of ranks first. */
  readonly compared: readonly ComparedLead[];
}

export function compareScores(pairs: readonly ScorePair[]): ScoreComparison {
  const ours = ranksOf(pairs.map((pair) => pair.ours));
  const theirs = ranksOf(pairs.map((pair) => pair.theirs));
  const compared = pairs.map((pair, index) => {
    return { ...pair, our_rank: ours[index] ?? 0, their_rank: theirs[index] ?? 0 };
  });
  return {
    leads: pairs.length,
    rank_agreement: correlation(ours, theirs),
    shared_top: sharedTop(pairs),
    compared: compared.toSorted((a, b) => distance(b) - distance(a)),
  };
}

function distance({ our_rank, their_rank }: ComparedLead): number {
  return Math.abs(our_rank - their_rank);
}

function ranksOf(scores: readonly number[]): readonly number[] {
  const order = scores.map((_score, index) => index).toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const ranks = new Array<number>(scores.length).fill(0);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end + 1 < order.length && scores[order[end + 1] ?? 0] === scores[order[start] ?? 0]) end++;
    for (let at = start; at <= end; at++) ranks[order[at] ?? 0] = (start + end) / 2 + 1;
    start = end + 1;
  }
  return ranks;
}

function correlation(a: readonly number[], b: readonly number[]): number | null {
  const mean = (a.length + 1) / 2;
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (const [index, rank] of a.entries()) {
    const [x, y] = [rank - mean, (b[index] ?? mean) - mean];
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return squaresA === 0 || squaresB === 0 ? null : product / Math.sqrt(squaresA * squaresB);
}

/** Leads with the score of the last one of a tenth belong to it, as to a band with `top: 10%`. */
function sharedTop(pairs: readonly ScorePair[]): number | null {
  const [ours, theirs] = [topScore(pairs.map((pair) => pair.ours)), topScore(pairs.map((pair) => pair.theirs))];
  if (ours === null || theirs === null) return null;
  const best = pairs.filter((pair) => pair.theirs >= theirs);
  return best.filter((pair) => pair.ours >= ours).length / best.length;
}

/** Null without leads, and if all have the same score. */
function topScore(scores: readonly number[]): number | null {
  if (new Set(scores).size < 2) return null;
  return scoreOfBestShare(
    scores.map((score) => ({ score, leads: 1 })),
    10,
  );
}
