// One chunk of due leads, scored: what is new in what people see, and which records must be written. Pure.
import { isDeepStrictEqual } from 'node:util';
import type { Lead } from '../../src/domain/lead.ts';
import type { ScoreFieldValues } from '../../src/domain/score-fields.ts';
import type { Contribution, ScoreResult } from '../../src/domain/score-result.ts';
import { clearedScoreFields, sameVisible, toScoreFields } from '../../src/mapping/write-back.ts';
import { type PersonRecord, toLead } from '../../src/people/to-lead.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import type {
  DueLead,
  NewResult,
  PreviousResult,
  ScoredLead,
  WriteDecision,
} from '../../src/store/leads/score-due-leads.ts';
import type { DueRecord } from '../../src/store/leads/scoring-input.ts';
import { isEditedByOthers } from '../../src/store/records/field-conflicts.ts';
import type { ActiveModel, MappedCrm } from '../context.ts';
import type { ScoringInputs } from './scoring-version.ts';
import { INITIAL_THRESHOLD } from './update-thresholds.ts';

export interface ScoringInput {
  readonly crms: ReadonlyMap<string, MappedCrm>;
  readonly model: ActiveModel;
  readonly timezone: string;
  readonly basis: ScoringInputs;
  /** Of bands with `top`, by band. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Leads as the store has them -> what is to be kept and written. */
export function scoreChunk(leads: readonly DueLead[], input: ScoringInput): readonly ScoredLead[] {
  return leads.map((due) => scoreSafely(due, input));
}

/** A lead that cannot be scored does not stop the others of its chunk. */
function scoreSafely(due: DueLead, input: ScoringInput): ScoredLead {
  try {
    return scoreOne(due, input);
  } catch (error) {
    const failure = `It could not be scored: ${error instanceof Error ? error.message : String(error)}`;
    return { leadId: due.id, result: null, unscored: false, nextChangeAt: null, records: [], failure };
  }
}

/** Out of scope in one of its CRMs is out of scope: who is a customer in either is a customer. */
export function isInScope(records: readonly PersonRecord[], crms: ReadonlyMap<string, MappedCrm>): boolean {
  return records.every(({ crm, fields }) => crms.get(crm)?.inScope(fields) ?? true);
}

function scoreOne(due: DueLead, input: ScoringInput): ScoredLead {
  if (due.records.length === 0 || !isInScope(due.records, input.crms)) return unscored(due, input);
  const lead = toLead(due, input.basis);
  const previousStatus = due.cause === INITIAL_THRESHOLD ? undefined : due.previous?.status;
  const result = scoreLead(lead, input.model.compiled, input.now, {
    thresholds: input.thresholds,
    ...(previousStatus !== undefined && { previousStatus }),
  });
  const isNew = due.previous === null || !looksLike(due.previous, result);
  return {
    leadId: due.id,
    result: isNew ? toNewResult(result, due, input.model.hash) : null,
    unscored: false,
    nextChangeAt: result.nextChangeAt,
    records: due.records.flatMap((record) => {
      // Nothing moved and the CRM was seen to agree: the wording need not even be made.
      if (!isNew && due.previous && record.synced_result_id === due.previous.id) return [];
      return decide(record, result, lead, input);
    }),
  };
}

/** A lead outside the scope keeps its data, but no score: its fields in the CRM are cleared, once. */
function unscored(due: DueLead, { crms }: ScoringInput): ScoredLead {
  const records = due.records.map((record): WriteDecision => {
    if (isRespected(record, crms.get(record.crm))) return { ...recordKeyOf(record), kind: 'respected' };
    const patch = writable(clearedScoreFields(), crms.get(record.crm));
    const isClear = Object.values(record.crm_values).every((value) => value === null);
    return { ...recordKeyOf(record), ...(isClear ? { kind: 'in_sync' } : { kind: 'write', patch }) };
  });
  return { leadId: due.id, result: null, unscored: true, nextChangeAt: null, records };
}

function decide(record: DueRecord, result: ScoreResult, lead: Lead, input: ScoringInput): WriteDecision[] {
  const crm = input.crms.get(record.crm);
  if (!crm) return [];
  const key = recordKeyOf(record);
  if (isRespected(record, crm)) return [{ ...key, kind: 'respected' }];
  const { timezone } = input;
  const maxLength = crm.connector.maxTextLength;
  const explanation = explain(result, lead, input.model.compiled, input.now, { timezone, maxLength });
  const patch = writable(toScoreFields(result, explanation), crm);
  return [isHeld(record, patch) ? { ...key, kind: 'in_sync' } : { ...key, kind: 'write', patch }];
}

/** Whoever wrote there shall be heard, until they empty what they wrote. */
function isRespected({ crm_values, last_written_values }: DueRecord, crm: MappedCrm | undefined): boolean {
  return crm?.editPolicy === 'respect' && isEditedByOthers(crm_values, last_written_values);
}

/**
 * Whether the CRM may stay as it is: it holds what we last wrote (or, when we do not know what that was, holds all of our
 * fields), and a rep would see the same in `patch`.
 */
function isHeld({ crm_values, last_written_values }: DueRecord, patch: ScoreFieldValues): boolean {
  const fields = Object.keys(patch);
  const read = new Map(Object.entries(crm_values));
  if (last_written_values === null)
    return fields.every((field) => (read.get(field) ?? null) !== null) && sameVisible(crm_values, patch);
  const wrote = new Map(Object.entries(last_written_values));
  const untouched = fields.every((field) => isSameValue(read.get(field), wrote.get(field)));
  return untouched && sameVisible(last_written_values, patch);
}

/** CRMs trim text and rewrite line ends; that is no edit, and must not be answered with a write for ever. */
function isSameValue(a: string | number | null = null, b: string | number | null = null): boolean {
  const plain = (value: string | number | null) =>
    typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').trim() : (value ?? '');
  return plain(a) === plain(b);
}

function writable(values: ScoreFieldValues, crm: MappedCrm | undefined): ScoreFieldValues {
  return Object.fromEntries((crm?.writes ?? []).map((field) => [field, values[field] ?? null]));
}

function recordKeyOf({ crm, object, id }: DueRecord): Pick<DueRecord, 'crm' | 'object' | 'id'> {
  return { crm, object, id };
}

function looksLike(previous: PreviousResult, result: ScoreResult): boolean {
  return (
    previous.grade === result.grade &&
    previous.fit_score === result.fit.score &&
    previous.behavior_score === result.behavior.score &&
    previous.status === result.status &&
    isDeepStrictEqual(pointsOf(previous.contributions), pointsOf(result.contributions))
  );
}

function pointsOf(contributions: readonly Contribution[]): readonly (readonly [string, number, string])[] {
  return contributions.filter((each) => each.points !== 0).map((each) => [each.signal, each.points, each.label]);
}

function toNewResult(result: ScoreResult, due: DueLead, modelHash: string): NewResult {
  return {
    as_of: new Date(result.asOf).toISOString(),
    model_hash: modelHash,
    cause: due.cause,
    grade: result.grade,
    coverage: result.coverage,
    fit_score: result.fit.score,
    behavior_score: result.behavior.score,
    total: result.total,
    status: result.status,
    previous_status: due.previous?.status ?? null,
    cell: result.cell,
    thresholds: result.thresholds ?? null,
    contributions: result.contributions,
    gates: result.gates,
  };
}
