// Makes what can be stored of a lead, so that later scorings need neither its fields nor its activities: only
// instants that can still count, and for each condition whether it is met.
import type { Lead } from '../domain/lead.ts';
import type { LeadState, OriginAt, StateOrigins } from '../domain/lead-state.ts';
import type { CompiledModel } from './compile/compile.ts';
import type { CompiledSignal, StateSignal } from './compile/compiled-signals.ts';
import { originsAt, originsOfFields } from './explanation/reason-origins.ts';
import { unknownFields } from './explanation/what-is-missing.ts';
import type { Ledger } from './ledger.ts';

/** Raise it when the same fields and activities give another state: states of another number are made anew. */
export const STATE_RULES = 1;

/**
 * The state of a lead that gives the same results as the lead, with this model.
 * @param from epoch milliseconds; the state is valid from this instant on
 */
export function toLeadState(lead: Lead, model: CompiledModel, from: number): LeadState {
  const { ledger, fitLines, fit, overrides, gates } = model.summarize(lead);
  const { signals } = model.behavior;
  const created = ledger.createdAt();
  const states = signals.flatMap((signal) => (signal.kind === 'state' ? [stateIndex(signal, ledger)] : []));
  const hidden = signals.filter((signal) => ledger.isHidden(signal)).map(({ index }) => index);
  const instants = instantsOf(signals, ledger, from);
  const unknown = fit.grade === 'Ungraded' ? unknownFields(fitLines, lead, model) : [];
  return {
    id: lead.id,
    fit: model.fit.criteria.map(({ lines }, index) => indexIn(lines, fitLines[index])),
    instants,
    ...(states.length > 0 && { states }),
    ...(created !== null && { created }),
    ...(overrides.length > 0 && { overrides: overrides.map((each) => model.fit.overrides.indexOf(each)) }),
    ...(gates.length > 0 && { gates: gates.map((each) => model.status.gates.indexOf(each)) }),
    ...(hidden.length > 0 && { hidden }),
    ...(unknown.length > 0 && { unknown }),
    ...(lead.origins !== undefined && { origins: originsIn(lead, model, instants) }),
  };
}

function stateIndex(signal: StateSignal, ledger: Ledger): number {
  return indexIn(signal.lines, ledger.stateLine(signal));
}

function indexIn<T>(list: readonly T[], element: T | undefined): number {
  return element === undefined ? -1 : list.indexOf(element);
}

function instantsOf(signals: readonly CompiledSignal[], ledger: Ledger, from: number): number[][] {
  const instants: number[][] = [];
  for (const signal of signals) {
    if (signal.kind === 'state') {
      instants[signal.index] = [];
      continue;
    }
    const timeline = ledger.timeline(signal.index);
    instants[signal.index] = timeline.listFrom(firstKept(signal, ledger, from));
    // Only the first required activity matters.
    if (signal.kind === 'absent') instants[signal.requiresSlot] = ledger.timeline(signal.requiresSlot).listFrom(0, 1);
  }
  return Array.from(instants, (each) => each ?? []);
}

/** The index of the earliest instant that can count at `from` or later. */
function firstKept(signal: Exclude<CompiledSignal, StateSignal>, ledger: Ledger, from: number): number {
  const timeline = ledger.timeline(signal.index);
  const end = timeline.countUntil(from);
  if (signal.kind === 'counted') return Math.max(0, end - signal.maxCount);
  if (signal.kind === 'tiered') return end - timeline.countWithin(from, signal.windowMs);
  return Math.max(0, end - 1);
}

/** @param instants those that are kept, by signal index */
function originsIn(lead: Lead, model: CompiledModel, instants: readonly (readonly number[])[]): StateOrigins {
  const { signals } = model.behavior;
  return {
    fit: model.fit.criteria.map(({ fields }) => originsOfFields(fields, lead)),
    states: signals.map((signal) => (signal.kind === 'state' ? originsOfFields(signal.fields, lead) : [])),
    activities: signals.map((signal): readonly OriginAt[] => {
      const [first = Infinity] = instants[signal.index] ?? [];
      return originsAt(signal, lead).filter(([at]) => at >= first);
    }),
  };
}
