// Start here. Scores one lead with one model at one instant. Pure and deterministic: the same input
// always gives the same result, so a score can be replayed as of any date. explain.ts writes the
// explanation separately, only where it is needed.
import type { Lead } from '../domain/lead.ts';
import type { Contribution, ScoreResult, ScoringContext } from '../domain/score-result.ts';
import { type Assessment, assess } from './assess.ts';
import type { CompiledModel } from './compile/compile.ts';
import { findNextChange } from './look-ahead/next-change.ts';
import { apportion } from './rounding.ts';
import { cellOf, gatesCapping, type Thresholds } from './status.ts';

/**
 * @param lead canonical fields and activities; parse-lead.ts reads external ones
 * @param model a compiled model (compile.ts)
 * @param now epoch milliseconds; activities after it do not count yet
 * @param context the previous status and the thresholds over all leads; without it, floors apply
 */
export function scoreLead(lead: Lead, model: CompiledModel, now: number, context?: ScoringContext): ScoreResult {
  const assessment = assess(lead, model, now, context);
  const { fit, behavior, position, gates, ungatedBandIndex, bandIndex, thresholds } = assessment;
  const result: ScoreResult = {
    id: lead.id,
    model: model.id,
    asOf: now,
    grade: position.grade,
    coverage: fit.coverage,
    fit: { raw: fit.raw, attainable: model.fit.attainable, score: position.fit },
    behavior: { exact: behavior.exact, score: position.behavior },
    total: position.fit + position.behavior,
    status: model.bands[bandIndex]?.id ?? '',
    cell: cellOf(model.status, position),
    nextChangeAt: findNextChange(assessment, now, 'any')?.at ?? null,
    contributions: [...fitContributions(assessment), ...behaviorContributions(assessment)],
    gates: gatesCapping(model.status, gates, ungatedBandIndex),
  };
  const applied = thresholdsApplied(model, thresholds);
  return applied === null ? result : { ...result, thresholds: applied };
}

function fitContributions({ fit, position }: Assessment): Contribution[] {
  const points = apportion(fit.lines, position.fit);
  return fit.lines.map(({ signal, outcome, exact, label }, index): Contribution => {
    return { dimension: 'fit', signal, outcome, exact, points: points[index] ?? 0, label };
  });
}

function behaviorContributions({ model, behavior, position }: Assessment): Contribution[] {
  const { signals } = model.behavior;
  const lines = behavior.signals.map(({ exact }, index) => ({ signal: signals[index]?.id ?? '', exact }));
  const points = apportion([...lines, ...behavior.cuts], position.behavior);
  const ofSignals = behavior.signals.map(({ outcome, exact, latestAt, count }, index): Contribution => {
    const { id: signal = '', label = '' } = signals[index] ?? {};
    const line = { dimension: 'behavior', signal, outcome, exact, points: points[index] ?? 0, label } as const;
    return latestAt === undefined || count === undefined ? line : { ...line, latestAt, count };
  });
  const ofCuts = behavior.cuts.map(({ signal, label, exact }, index): Contribution => {
    const wholePoints = points[lines.length + index] ?? 0;
    return { dimension: 'behavior', signal, outcome: 'matched', exact, points: wholePoints, label };
  });
  return [...ofSignals, ...ofCuts];
}

function thresholdsApplied(model: CompiledModel, { points }: Thresholds): Record<string, number> | null {
  const { bands } = model.status;
  if (!bands.some((band) => band.top !== null)) return null;
  return Object.fromEntries(bands.flatMap((band, index) => (band.top !== null ? [[band.id, points[index] ?? 0]] : [])));
}
