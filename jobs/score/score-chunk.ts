// Scores one chunk of due leads with all models: the results that differ from the previous ones, and the records to
// write. A lead is read once, whatever the number of models. Pure.
import type { Lead, LeadStates } from '../../src/domain/lead.ts';
import { type PersonRecord, toLead } from '../../src/people/to-lead.ts';
import { type AsReadable, asReadable } from '../../src/people/unreadable-fields.ts';
import { toLeadState } from '../../src/scoring/lead-state.ts';
import { lineTexts } from '../../src/scoring/line-texts.ts';
import type { DueLead } from '../../src/store/leads/due-leads.ts';
import type { ModelScore, ScoredLead } from '../../src/store/leads/scored-lead.ts';
import { currentResultId, type OtherModel } from '../../src/store/models/other-results.ts';
import type { MappedCrm, ScoredModel } from '../context.ts';
import { findMove, unreadableSignals } from '../guard/find-move.ts';
import {
  isChanged,
  isOfLead,
  type ModelContext,
  type ModelScoring,
  previousOf,
  rises,
  scoreByModel,
  statesOf,
} from './score-model.ts';
import { otherModels, type ScoringInputs } from './scoring-inputs.ts';
import { decideClear, decideWrite, type WriteContext } from './write-decision.ts';

export interface ChunkContext extends WriteContext, ModelContext {
  /** The first one first. */
  readonly models: readonly ScoredModel[];
  readonly inputs: ScoringInputs;
}

export function scoreChunk(leads: readonly DueLead[], context: ChunkContext): readonly ScoredLead[] {
  const others = otherModels(context.models);
  return leads.map((due) => scoreSafely(due, context, others));
}

/** A lead that cannot be scored does not stop the other leads of its chunk. */
function scoreSafely(due: DueLead, context: ChunkContext, others: readonly OtherModel[]): ScoredLead {
  try {
    return scoreOne(due, context, others);
  } catch (error) {
    const failure = `Scoring failed: ${error instanceof Error ? error.message : String(error)}`;
    return { leadId: due.id, result: null, unscored: false, nextChangeAt: null, records: [], failure };
  }
}

/**
 * A lead is in scope if all its records are: a customer in one CRM is a customer.
 * @param wasInScope stays the answer while it hangs on a field that a CRM does not show any more
 */
export function isInScope(
  { records }: AsReadable<{ readonly records: readonly PersonRecord[] }>,
  crms: ReadonlyMap<string, MappedCrm>,
  wasInScope: boolean,
): boolean {
  const memberships = records.map((record) => crms.get(record.crm)?.scopeOf(record.fields) ?? 'in');
  if (memberships.includes('out')) return false;
  return wasInScope || !memberships.includes('undecided');
}

function scoreOne(due: DueLead, context: ChunkContext, others: readonly OtherModel[]): ScoredLead {
  const { state } = due;
  if (due.records.length === 0) return unscored(due, context);
  // A stored state has no fields. Out of scope, the lead would not be due because time passed.
  const { id, records: own } = due;
  const person = state === undefined ? asReadable({ id, records: own }, context.inputs.unreadable) : null;
  if (person !== null && !isInScope(person, context.crms, due.wasInScope)) return unscored(due, context);
  const lead = person === null ? null : toLead({ ...person, activities: due.activities }, context.inputs);
  const states = state === undefined ? [] : statesOf(state);
  const scorings = context.models.map((model, index) => {
    const source = lead === null ? (states[index] ?? null) : applies(model, lead, previousOf(model, due)) ? lead : null;
    return scoreByModel(model, source, due, context);
  });
  if (scorings.every(({ scored }) => scored === null)) return unscored(due, context);
  const live = scorings.filter(({ model }) => model.role === 'live');
  const current = currentResultId(due, others);
  const hasNew = live.some(isChanged);
  const records = due.records.flatMap((record) => {
    // The CRM is known to hold these results: skip the explanations. Other inputs can have other written fields.
    if (due.isCurrent && !hasNew && current !== null && record.synced_result_id === current) return [];
    return decideWrite(record, live, context) ?? [];
  });
  const nextChangeAt = earliest(scorings);
  const newState = lead !== null && nextChangeAt !== null ? newStates(lead, scorings, context.now) : null;
  return {
    leadId: due.id,
    ...scoresOf(scorings),
    nextChangeAt,
    ...guardOf(due, live, lead),
    rises: live.some(rises),
    records: records.flatMap((each) => (each === 'needs-crm-values' ? [] : each)),
    ...(records.includes('needs-crm-values') && { needsCrmValues: true }),
    ...(newState !== null && { state: newState }),
  };
}

/**
 * Whether the model scores a lead with these fields.
 * @param previous its last result by the model: while the answer hangs on a field that a CRM does not show any more, the
 *   model scores the leads that it did
 */
export function applies(
  { where }: Pick<ScoredModel, 'where'>,
  { fields }: Pick<Lead, 'fields'>,
  previous: object | null,
): boolean {
  const membership = where === null ? 'in' : where.membership(fields);
  return membership === 'in' || (membership === 'undecided' && previous !== null);
}

/** The score of the first model, and beside it those of the others. */
function scoresOf([first, ...others]: readonly ModelScoring[]): ModelScore & Pick<ScoredLead, 'others'> {
  const { result, unscored } = first?.score ?? { result: null, unscored: true };
  // A model that neither scores the lead nor did so before has nothing to store.
  const named = others.flatMap(({ model, previous, scored, score }) =>
    model.key === null || (scored === null && previous === null) ? [] : [[model.key, score] as const],
  );
  return { result, unscored, ...(named.length > 0 && { others: new Map(named) }) };
}

function earliest(scorings: readonly ModelScoring[]): number | null {
  const instants = scorings.flatMap(({ scored }) => scored?.result.nextChangeAt ?? []);
  return instants.length === 0 ? null : Math.min(...instants);
}

function newStates(lead: Lead, scorings: readonly ModelScoring[], now: number): LeadStates {
  const states = scorings.map((scoring) => (isOfLead(scoring) ? toLeadState(lead, scoring.model.compiled, now) : null));
  const [only] = states;
  return states.length === 1 && only ? only : states;
}

/**
 * What the guard counts of a lead.
 * @param lead null: it is scored from its states, or not at all
 */
function guardOf(due: DueLead, live: readonly ModelScoring[], lead: Lead | null): Pick<ScoredLead, 'guard'> {
  if (due.records.length === 0) return { guard: { moves: [], isGone: true } };
  const moves = live.flatMap(({ model, previous, scored }) => {
    const after = scored === null ? null : { status: scored.result.status, lines: scored.lines };
    const { compiled, key } = model;
    const move = findMove({ ...due, previous }, after, { status: compiled.status, texts: lineTexts(compiled) });
    return move === undefined ? [] : [{ model: key, ...move }];
  });
  const unreadable = live.flatMap(({ model: { compiled, key } }) =>
    lead === null ? [] : unreadableSignals(compiled, lead.fields).map((signal) => ({ model: key, signal })),
  );
  if (moves.length + unreadable.length === 0) return {};
  return { guard: { moves, ...(unreadable.length > 0 && { unreadable }) } };
}

/** A lead that no model scores keeps its data without a score. Its fields in the CRM are cleared once. */
function unscored(due: DueLead, context: ChunkContext): ScoredLead {
  const records = due.records.map((record) => decideClear(record, context.crms.get(record.crm)));
  const scorings = context.models.map((model) => scoreByModel(model, null, due, context));
  const live = scorings.filter(({ model }) => model.role === 'live');
  return { leadId: due.id, ...scoresOf(scorings), nextChangeAt: null, ...guardOf(due, live, null), records };
}
