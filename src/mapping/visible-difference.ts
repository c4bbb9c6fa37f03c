// How much two sets of values of our score fields differ for a sales rep who looks at the record.
import type { ScoreField, ScoreFieldValues } from '../domain/score-fields.ts';

const SCORES: readonly ScoreField[] = ['fit_score', 'behavior_score', 'total_score'];
const WORDS: readonly ScoreField[] = ['fit_grade', 'status'];

/**
 * The largest difference in points of a score or of a line of the explanation; 0 = a rep sees the
 * same. `Infinity`: another grade or status, a value that one side lacks, or no common field.
 * `scored_at`, the model version and the wording of the explanation are not compared, nor is a
 * field that one side lacks because the mapping omits it.
 */
export function visibleDifference(a: ScoreFieldValues, b: ScoreFieldValues): number {
  const isShared = (field: ScoreField) => a[field] !== undefined && b[field] !== undefined;
  const [scores, words] = [SCORES.filter(isShared), WORDS.filter(isShared)];
  const isExplained = isShared('explanation');
  if (scores.length === 0 && words.length === 0 && !isExplained) return Infinity;
  if (words.some((field) => a[field] !== b[field])) return Infinity;
  const differences = scores.map((field) => pointsBetween(a[field] ?? null, b[field] ?? null));
  if (isExplained) differences.push(reasonsBetween(String(a.explanation ?? ''), String(b.explanation ?? '')));
  return Math.max(0, ...differences);
}

function pointsBetween(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0;
  return typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) : Infinity;
}

function reasonsBetween(a: string, b: string): number {
  // An emptied explanation counts as a difference even if the result has no contributions.
  if ((a === '') !== (b === '')) return Infinity;
  const [left, right] = [pointsByReason(a), pointsByReason(b)];
  const reasons = new Set([...left.keys(), ...right.keys()]);
  return Math.max(0, ...[...reasons].map((reason) => Math.abs((left.get(reason) ?? 0) - (right.get(reason) ?? 0))));
}

/**
 * The points of the lines, without the counts and dates in brackets:
 * `+12 Viewed pricing (2 times, 20 Nov 2026)` -> `Viewed pricing` 12.
 */
function pointsByReason(explanation: string): ReadonlyMap<string, number> {
  const points = new Map<string, number>();
  for (const line of explanation.split(/\r?\n/)) {
    const [, number, text = ''] = /^\s*([+-]\d+) (.*)$/.exec(line) ?? [];
    if (number === undefined) continue;
    const reason = (text.split(' (')[0] ?? text).trim();
    points.set(reason, (points.get(reason) ?? 0) + Number(number));
  }
  return points;
}
