// One lead at one instant: fit, behavior and status, before contributions are apportioned or anything is looked up ahead.
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
  readonly standing: LeadPosition;
  readonly thresholds: Thresholds;
  readonly gates: readonly CompiledGate[];
  /** The place of the band chosen without gates. */
  readonly chosen: number;
  /** The place of the lead's status. */
  readonly place: number;
}

/** @param now epoch milliseconds */
export function assess(lead: Lead, model: CompiledModel, now: number, context: ScoringContext | undefined): Assessment {
  const ledger = new Ledger(lead, model.behavior.watchers);
  const fit = scoreFit(model.fit, lead.fields);
  const behavior = scoreBehavior(model.behavior, ledger, now);
  const standing: LeadPosition = {
    grade: fit.grade,
    fit: roundPoints(fit.raw),
    behavior: roundPoints(behavior.exact),
    strong: strongSignals(model, behavior.signals),
  };
  const thresholds = resolveThresholds(model.status, context);
  const gates = activeGates(model.status, lead.fields);
  const chosen = chooseBand(model.status, standing, thresholds);
  return { model, ledger, fit, behavior, standing, thresholds, gates, chosen, place: applyGates(chosen, gates) };
}

/** By signal: whether it is worth at least 1 point; false for those that no band asks about. */
export function strongSignals(model: CompiledModel, scores: readonly SignalScore[]): boolean[] {
  const strong: boolean[] = [];
  for (const index of model.status.asked) strong[index] = reaches(scores[index]?.exact ?? 0, 1);
  return strong;
}
