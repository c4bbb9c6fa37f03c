// Start here. One lead, one model, one instant: the whole score, as plain data. Pure: the same input gives the same result
// for ever, so that it can be replayed as of any date. The wording is made elsewhere (explain.ts), only where it is read.
import type { Lead } from '../domain/lead.ts';
import type { Contribution, ScoreResult, ScoringContext } from '../domain/score-result.ts';
import { type Assessment, assess } from './assess.ts';
import type { CompiledModel } from './compile/compile.ts';
import { findNextChange } from './look-ahead/next-change.ts';
import { apportion } from './rounding.ts';
import { cellOf, gatesCapping, type Thresholds } from './status.ts';

/**
 * @param lead canonical fields and activities; see parse-lead.ts for one that comes from outside
 * @param model a compiled model (compile.ts)
 * @param now epoch milliseconds; activities after it do not count yet
 * @param context what one lead cannot know: its previous status, thresholds over all leads; absent, floors apply
 */
export function scoreLead(lead: Lead, model: CompiledModel, now: number, context?: ScoringContext): ScoreResult {
  const assessment = assess(lead, model, now, context);
  const { fit, behavior, standing, gates, chosen, place, thresholds } = assessment;
  const result: ScoreResult = {
    id: lead.id,
    model: model.id,
    asOf: now,
    grade: standing.grade,
    coverage: fit.coverage,
    fit: { raw: fit.raw, attainable: model.fit.attainable, score: standing.fit },
    behavior: { exact: behavior.exact, score: standing.behavior },
    total: standing.fit + standing.behavior,
    status: model.bands[place]?.id ?? '',
    cell: cellOf(model.status, standing),
    nextChangeAt: findNextChange(assessment, now, 'any')?.at ?? null,
    contributions: [...fitContributions(assessment), ...behaviorContributions(assessment)],
    gates: gatesCapping(model.status, gates, chosen),
  };
  const applied = thresholdsApplied(model, thresholds);
  return applied === null ? result : { ...result, thresholds: applied };
}

function fitContributions({ fit, standing }: Assessment): Contribution[] {
  const points = apportion(fit.lines, standing.fit);
  return fit.lines.map(({ signal, outcome, exact, label }, index): Contribution => {
    return { dimension: 'fit', signal, outcome, exact, points: points[index] ?? 0, label };
  });
}

function behaviorContributions({ model, behavior, standing }: Assessment): Contribution[] {
  const { signals } = model.behavior;
  const lines = behavior.signals.map(({ exact }, index) => ({ signal: signals[index]?.id ?? '', exact }));
  const points = apportion([...lines, ...behavior.cuts], standing.behavior);
  const ofSignals = behavior.signals.map(({ outcome, exact, latestAt, count }, index): Contribution => {
    const { id: signal = '', label = '' } = signals[index] ?? {};
    const line = { dimension: 'behavior', signal, outcome, exact, points: points[index] ?? 0, label } as const;
    return latestAt === undefined || count === undefined ? line : { ...line, latestAt, count };
  });
  const ofCuts = behavior.cuts.map(({ signal, label, exact }, index): Contribution => {
    const whole = points[lines.length + index] ?? 0;
    return { dimension: 'behavior', signal, outcome: 'matched', exact, points: whole, label };
  });
  return [...ofSignals, ...ofCuts];
}

function thresholdsApplied(model: CompiledModel, { points }: Thresholds): Record<string, number> | null {
  const { bands } = model.status;
  if (!bands.some((band) => band.top !== null)) return null;
  return Object.fromEntries(bands.flatMap((band, place) => (band.top !== null ? [[band.id, points[place] ?? 0]] : [])));
}
