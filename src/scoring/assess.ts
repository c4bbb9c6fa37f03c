// Assesses one lead at one instant: fit, behavior and status. score-lead.ts makes the result of it.
import type { Lead } from '../domain/lead.ts';
import type { ScoringContext } from '../domain/score-result.ts';
import { type BehaviorScore, scoreBehavior } from './behavior.ts';
import type { CompiledModel } from './compile/compile.ts';
import { type FitScore, scoreFit } from './fit.ts';
import { Ledger } from './ledger.ts';
import { reaches, roundPoints } from './rounding.ts';
import type { SignalScore } from './signals.ts';
import {
  activeGates,
  applyGates,
  type CompiledGate,
  chooseBand,
  type LeadPosition,
  resolveThresholds,
  type Thresholds,
} from './status.ts';

export interface Assessment {
  readonly model: CompiledModel;
  readonly ledger: Ledger;
  readonly fit: FitScore;
  readonly behavior: BehaviorScore;
  readonly position: LeadPosition;
  readonly thresholds: Thresholds;
  readonly gates: readonly CompiledGate[];
  /** The index of the band without gates. */
  readonly ungatedBandIndex: number;
  /** The index of the lead's band, with gates. */
  readonly bandIndex: number;
}

/** @param now epoch milliseconds */
export function assess(lead: Lead, model: CompiledModel, now: number, context: ScoringContext | undefined): Assessment {
  const ledger = new Ledger(lead, model.behavior.subscriptions);
  const fit = scoreFit(model.fit, lead.fields);
  const behavior = scoreBehavior(model.behavior, ledger, now);
  const position: LeadPosition = {
    grade: fit.grade,
    fit: roundPoints(fit.raw),
    behavior: roundPoints(behavior.exact),
    strong: strongSignals(model, behavior.signals),
  };
  const thresholds = resolveThresholds(model.status, context);
  const gates = activeGates(model.status, lead.fields);
  const ungatedBandIndex = chooseBand(model.status, position, thresholds);
  const bandIndex = applyGates(ungatedBandIndex, gates);
  return { model, ledger, fit, behavior, position, thresholds, gates, ungatedBandIndex, bandIndex };
}

/**
 * By signal index: true = worth at least 1 point. Only the signals that a band requires are
 * evaluated.
 */
export function strongSignals(model: CompiledModel, scores: readonly SignalScore[]): boolean[] {
  const strong: boolean[] = [];
  for (const index of model.status.requiredSignals) strong[index] = reaches(scores[index]?.exact ?? 0, 1);
  return strong;
}
