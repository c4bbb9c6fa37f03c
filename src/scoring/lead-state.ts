// Makes what can be stored of a lead, so that later scorings need neither its fields nor its activities: only
// instants that can still count, and for each condition whether it is met.
import type { Lead, LeadState, OriginAt, StateOrigins } from '../domain/lead.ts';
import type { CompiledBehavior } from './behavior.ts';
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
  const { criteria } = model.fit;
  const state: Writable<LeadState> = { id: lead.id, fit: [], instants: instantsOf(model.behavior, ledger, from) };
  state.fit = fitLines.map((line, index) => criteria[index]?.lines.indexOf(line) ?? -1);
  const created = ledger.createdAt();
  if (created !== null) state.created = created;
  addSignals(state, model.behavior, ledger);
  if (overrides.length > 0) state.overrides = overrides.map((each) => model.fit.overrides.indexOf(each));
  if (gates.length > 0) state.gates = gates.map((each) => model.status.gates.indexOf(each));
  if (fit.grade === 'Ungraded') state.unknown = unknownFields(fitLines, lead, model);
  if (lead.origins !== undefined) state.origins = originsIn(lead, model, state.instants);
  return state;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function addSignals(state: Writable<LeadState>, { signals }: CompiledBehavior, ledger: Ledger): void {
  const states: number[] = [];
  const hidden: number[] = [];
  for (const signal of signals) {
    if (signal.kind === 'state') states.push(signal.lines.indexOf(ledger.stateLine(signal)));
    else if (ledger.isHidden(signal)) hidden.push(signal.index);
  }
  if (states.length > 0) state.states = states;
  if (hidden.length > 0) state.hidden = hidden;
}

function instantsOf(
  { signals, slots }: CompiledBehavior,
  ledger: Ledger,
  from: number,
): readonly (readonly number[])[] {
  const instants: (readonly number[])[] = [];
  for (let slot = 0; slot < slots; slot++) instants.push(NONE);
  for (const signal of signals) {
    if (signal.kind === 'state') continue;
    instants[signal.index] = ledger.timeline(signal.index).listFrom(firstKept(signal, ledger, from));
    // Only the first required activity matters.
    if (signal.kind === 'absent') instants[signal.requiresSlot] = ledger.timeline(signal.requiresSlot).listFrom(0, 1);
  }
  return instants;
}

const NONE: readonly number[] = [];

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
