// Assesses one lead at one instant: fit, behavior and status. score-lead.ts makes the result of it.
import type { Contribution, ScoreResult, ScoringContext } from '../domain/score-result.ts';
import { sumWithinLimits } from './behavior.ts';
import { resolveThresholds, thresholdsBehind } from './capacity/lead-thresholds.ts';
import type { CompiledModel } from './compile/compile.ts';
import type { FitScore } from './fit.ts';
import type { LeadSource, Ledger } from './ledger.ts';
import { apportion, type Line, ownLine, reaches, roundPoints } from './rounding.ts';
import { scoreSignal } from './signals.ts';
import { applyGates, type CompiledGate, chooseBand, type LeadPosition, type LeadThresholds } from './status.ts';

/** Where a lead stands, for looking ahead. Valid until the model assesses another lead. */
export interface Standing {
  readonly model: CompiledModel;
  readonly ledger: Ledger;
  /** Of the behavior signals, by index. */
  readonly exact: readonly number[];
  readonly position: LeadPosition;
  readonly thresholds: LeadThresholds;
  readonly gates: readonly CompiledGate[];
  /** The index of the band without gates. */
  readonly ungatedBandIndex: number;
  /** The index of the lead's band, with gates. */
  readonly bandIndex: number;
}

export interface Assessment extends Standing {
  readonly fit: FitScore;
  /** Unrounded points, within the limits. */
  readonly behavior: number;
  /** Fit criteria, behavior signals, then caps and limits. */
  readonly contributions: readonly Contribution[];
}

/** @param now epoch milliseconds */
export function assess(
  source: LeadSource,
  model: CompiledModel,
  now: number,
  context: ScoringContext | undefined,
): Assessment {
  const { ledger, fitLines, fit, gates } = model.summarize(source);
  const lines: Line[] = [];
  for (const line of fitLines) lines.push(ownLine(line));
  const fitScore = roundPoints(fit.raw);
  apportion(lines, 0, fitScore);
  const exact = scoreSignals(model, ledger, now, lines);
  const behavior = sumWithinLimits(model.behavior, exact, lines);
  const behaviorScore = roundPoints(behavior);
  apportion(lines, model.fit.criteria.length, behaviorScore);
  const strong = strongSignals(model, exact);
  const position: LeadPosition = { grade: fit.grade, fit: fitScore, behavior: behaviorScore, strong };
  const thresholds = resolveThresholds(model.status, context, position);
  const ungatedBandIndex = chooseBand(model.status, position, thresholds);
  const bandIndex = applyGates(ungatedBandIndex, gates);
  return {
    model,
    ledger,
    exact,
    position,
    thresholds,
    gates,
    ungatedBandIndex,
    bandIndex,
    fit,
    behavior,
    contributions: lines,
  };
}

/** @returns the exact points by signal index; `lines` receives the line of each signal */
function scoreSignals(model: CompiledModel, ledger: Ledger, now: number, lines: Line[]): number[] {
  const exact: number[] = [];
  for (const signal of model.behavior.signals) {
    const line = scoreSignal(signal, ledger, now);
    exact.push(line.exact);
    lines.push(line);
  }
  return exact;
}

/**
 * The standing behind a result, without scoring the lead again. Its previous status is the status of
 * the result, as the look ahead of a text starts there.
 */
export function standingOf(result: ScoreResult, source: LeadSource, model: CompiledModel): Standing {
  const { contributions, grade, fit, behavior } = result;
  const firstSignal = model.fit.criteria.length;
  const exact = model.behavior.signals.map(({ index }) => contributions[firstSignal + index]?.exact ?? 0);
  const strong = strongSignals(model, exact);
  const position: LeadPosition = { grade, fit: fit.score, behavior: behavior.score, strong };
  const thresholds = thresholdsBehind(result, model.status);
  const { ledger, gates } = model.summarize(source);
  return {
    ...{ model, ledger, exact, position, thresholds, gates },
    ungatedBandIndex: chooseBand(model.status, position, thresholds),
    // Not chosen anew: the hysteresis of a status before it may have decided it.
    bandIndex: thresholds.previousBandIndex,
  };
}

const NONE: readonly boolean[] = [];

/**
 * By signal index: true = worth at least 1 point. Only the signals that a band requires are
 * evaluated.
 */
export function strongSignals({ status }: CompiledModel, exact: readonly number[]): readonly boolean[] {
  if (status.requiredSignals.length === 0) return NONE;
  const strong: boolean[] = [];
  for (const index of status.requiredSignals) strong[index] = reaches(exact[index] ?? 0, 1);
  return strong;
}
