// Start here. Scores one lead with one model at one instant. Pure and deterministic: the same input
// always gives the same result, so a score can be replayed as of any date. explain.ts writes the
// explanation separately, only where it is needed.
import type { CurrentScore, ScoreResult, ScoringContext } from '../domain/score-result.ts';
import { type Assessment, assess } from './assess.ts';
import { notApplied } from './capacity/lead-thresholds.ts';
import type { CompiledModel } from './compile/compile.ts';
import type { LeadSource } from './ledger.ts';
import { findNextChange } from './look-ahead/next-change.ts';
import { cellOf, gatesCapping } from './status.ts';

/**
 * @param lead canonical fields and activities with unique ids (parse-lead.ts reads external ones), or the state that
 *   this model made of them (lead-state.ts), which gives the same result
 * @param model a compiled model (compile.ts)
 * @param now epoch milliseconds; activities after it do not count yet
 * @param context the previous status and the thresholds over all leads; without it, floors apply
 */
export function scoreLead(lead: LeadSource, model: CompiledModel, now: number, context?: ScoringContext): ScoreResult {
  const assessment = assess(lead, model, now, context);
  const nextChangeAt = findNextChange(assessment, now, 'any')?.at ?? null;
  return { ...toScore(assessment, lead, now), nextChangeAt };
}

/** The same without looking ahead, which takes about as long as scoring. */
export function scoreLeadOnly(
  lead: LeadSource,
  model: CompiledModel,
  now: number,
  context?: ScoringContext,
): CurrentScore {
  return toScore(assess(lead, model, now, context), lead, now);
}

function toScore(assessment: Assessment, lead: LeadSource, now: number): CurrentScore {
  const { model, fit, behavior, position, gates, ungatedBandIndex, bandIndex, thresholds } = assessment;
  const score: CurrentScore = {
    id: lead.id,
    model: model.id,
    asOf: now,
    grade: position.grade,
    coverage: fit.coverage,
    fit: { raw: fit.raw, attainable: model.fit.attainable, score: position.fit },
    behavior: { exact: behavior, score: position.behavior },
    total: position.fit + position.behavior,
    status: model.bands[bandIndex]?.id ?? '',
    cell: cellOf(model.status, position),
    contributions: assessment.contributions,
    gates: gatesCapping(model.status, gates, ungatedBandIndex),
  };
  if (thresholds.applied === null) return score;
  return { ...score, thresholds: thresholds.applied, ...notApplied(model.status, thresholds) };
}
