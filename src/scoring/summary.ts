// Everything about a lead that does not depend on the instant of scoring: read once, from its fields and
// activities or from what is stored of them.
import type { Fields, LeadState } from '../domain/lead.ts';
import type { Contribution } from '../domain/score-result.ts';
import type { CompiledBehavior } from './behavior.ts';
import { type CompiledFit, type CompiledOverride, type FitScore, fitLines, scoreFit } from './fit.ts';
import { isState, type LeadSource, type Ledger } from './ledger.ts';
import { activeGates, type CompiledGate, type CompiledStatus } from './status.ts';

/** Valid until the model summarizes another lead. */
export interface Summary {
  readonly source: LeadSource;
  readonly ledger: Ledger;
  /** By criterion; shared by leads. */
  readonly fitLines: readonly Contribution[];
  readonly fit: FitScore;
  /** Those that match. */
  readonly overrides: readonly CompiledOverride[];
  /** Those in force. */
  readonly gates: readonly CompiledGate[];
}

interface ModelParts {
  readonly fit: CompiledFit;
  readonly behavior: CompiledBehavior;
  readonly status: CompiledStatus;
}

/** @returns a function that summarizes one lead at a time; the same lead again costs nothing */
export function createSummarize({ fit, behavior, status }: ModelParts): (source: LeadSource) => Summary {
  let last: Summary | null = null;
  return (source) => {
    if (last?.source === source) return last;
    last = null;
    const ledger = behavior.ledger.read(source);
    const met = isState(source) ? metByState(source, fit, status) : metByFields(source.fields, fit, status);
    last = { source, ledger, ...met, fit: scoreFit(fit, met.fitLines, met.overrides) };
    return last;
  };
}

type Met = Pick<Summary, 'fitLines' | 'overrides' | 'gates'>;

function metByFields(fields: Fields, fit: CompiledFit, status: CompiledStatus): Met {
  const overrides = fit.overrides.filter(({ test }) => test(fields) === 'matched');
  return { fitLines: fitLines(fit, fields), overrides, gates: activeGates(status, fields) };
}

function metByState(state: LeadState, { criteria, overrides }: CompiledFit, { gates }: CompiledStatus): Met {
  return {
    fitLines: criteria.map(({ lines }, index) => at(lines, state.fit[index])),
    overrides: (state.overrides ?? []).map((index) => at(overrides, index)),
    gates: (state.gates ?? []).map((index) => at(gates, index)),
  };
}

function at<T>(list: readonly T[], index = -1): T {
  const element = list[index];
  if (element === undefined) throw new Error('The stored state of the lead belongs to another model.');
  return element;
}
