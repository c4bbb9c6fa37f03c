// A result in the form that `npx leadgrade score` prints: instants as ISO 8601 in UTC, keys in a fixed
// order.
import type { ScoreResult } from '../../domain/score-result.ts';

/** @param explanation the text from explain.ts */
export function toPrintedResult(result: ScoreResult, explanation: string): Record<string, unknown> {
  const { id, model, asOf, grade, coverage, fit, behavior, total, status, cell, nextChangeAt, gates } = result;
  return {
    id,
    model,
    as_of: toInstant(asOf),
    grade,
    coverage,
    fit,
    behavior,
    total,
    status,
    cell,
    next_change_at: nextChangeAt === null ? null : toInstant(nextChangeAt),
    contributions: result.contributions.map(({ dimension, signal, outcome, exact, points, label }) => {
      return { dimension, signal, outcome, exact, points, label };
    }),
    gates,
    ...(result.thresholds && { thresholds: result.thresholds }),
    explanation,
  };
}

function toInstant(at: number): string {
  return new Date(at).toISOString();
}
