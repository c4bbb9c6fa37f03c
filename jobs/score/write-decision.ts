// Decides for one record after a scoring: write the result to its CRM, or leave the CRM as it is.
// Pure.
import type { ScoreField, ScoreFieldValues } from '../../src/domain/score-fields.ts';
import type { ScoreResult } from '../../src/domain/score-result.ts';
import { visibleDifference } from '../../src/mapping/visible-difference.ts';
import { clearedScoreFields, toScoreFields } from '../../src/mapping/write-back.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import type { LeadSource } from '../../src/scoring/ledger.ts';
import type { PreviousResult } from '../../src/store/leads/due-leads.ts';
import type { DueRecord } from '../../src/store/leads/input/scoring-input.ts';
import type { WriteDecision } from '../../src/store/leads/scored-lead.ts';
import { isEditedByOthers } from '../../src/store/records/field-conflicts.ts';
import type { ActiveModel, MappedCrm } from '../context.ts';

export interface WriteContext {
  readonly crms: ReadonlyMap<string, MappedCrm>;
  readonly model: ActiveModel;
  /** IANA time zone of the dates in explanations. */
  readonly timezone: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

interface Scoring {
  readonly result: ScoreResult;
  /** What the result was made from. */
  readonly lead: LeadSource;
  readonly previous: PreviousResult | null;
}

/**
 * Null: the CRM of the record is not configured.
 * `needs-crm-values`: the record holds the previous result, and the scores alone do not tell whether the new one is
 * worth a write.
 */
export function decideWrite(
  record: DueRecord,
  { result, lead, previous }: Scoring,
  { crms, model, timezone, now }: WriteContext,
): WriteDecision | 'needs-crm-values' | null {
  const crm = crms.get(record.crm);
  if (!crm) return null;
  const key = recordKeyOf(record);
  const isHeld = record.crm_values === null;
  if (isHeld && (previous === null || !haveScoresChanged(previous, result, crm))) return 'needs-crm-values';
  if (!isHeld && isEditRespected(record, crm)) return { ...key, kind: 'respected' };
  const maxLength = crm.connector.maxTextLength;
  const explanation = explain(result, lead, model.compiled, now, { timezone, maxLength });
  const patch = writableValues(toScoreFields(result, explanation), crm);
  if (isHeld) return { ...key, kind: 'write', patch };
  const difference = differenceToCrm(record, patch);
  if (difference === 0) return { ...key, kind: 'in_sync' };
  if (difference < crm.minChange) return { ...key, kind: 'below_min_change' };
  return { ...key, kind: 'write', patch };
}

/**
 * Whether a score, the grade or the status of a written field differs enough for a write. Then neither the CRM's
 * values nor the explanation need to be compared.
 */
function haveScoresChanged(previous: PreviousResult, result: ScoreResult, { writes, minChange }: MappedCrm): boolean {
  const [fit, behavior] = [result.fit.score - previous.fit_score, result.behavior.score - previous.behavior_score];
  const isEnough = (points: number) => points !== 0 && Math.abs(points) >= minChange;
  const changes: Partial<Record<ScoreField, boolean>> = {
    fit_grade: previous.grade !== result.grade,
    status: previous.status !== result.status,
    fit_score: isEnough(fit),
    behavior_score: isEnough(behavior),
    total_score: isEnough(fit + behavior),
  };
  return writes.some((field) => changes[field] === true);
}

/** For a record of a lead that is not scored: clears our fields. */
export function decideClear(record: DueRecord, crm: MappedCrm | undefined): WriteDecision {
  const key = recordKeyOf(record);
  if (isEditRespected(record, crm)) return { ...key, kind: 'respected' };
  const isClear = Object.values(record.crm_values ?? {}).every((value) => value === null);
  return isClear
    ? { ...key, kind: 'in_sync' }
    : { ...key, kind: 'write', patch: writableValues(clearedScoreFields(), crm) };
}

/**
 * Edit policy `respect`: an edit of our fields by another writer stays until that writer empties
 * the fields.
 */
function isEditRespected({ crm_values, last_written_values }: DueRecord, crm: MappedCrm | undefined): boolean {
  return crm?.editPolicy === 'respect' && isEditedByOthers(crm_values ?? {}, last_written_values);
}

/**
 * The difference in points between `patch` and what the CRM shows; 0 = a rep sees the same.
 * `Infinity` if the CRM no longer holds what we last wrote. If that is unknown, all of our fields
 * must be filled, and the same.
 */
function differenceToCrm(record: DueRecord, patch: ScoreFieldValues): number {
  const { last_written_values } = record;
  const crm_values = record.crm_values ?? {};
  const fields = Object.keys(patch);
  const current = new Map(Object.entries(crm_values));
  if (last_written_values === null) {
    const isFilled = fields.every((field) => (current.get(field) ?? null) !== null);
    return isFilled && visibleDifference(crm_values, patch) === 0 ? 0 : Infinity;
  }
  const written = new Map(Object.entries(last_written_values));
  const isUntouched = fields.every((field) => isSameValue(current.get(field), written.get(field)));
  return isUntouched ? visibleDifference(last_written_values, patch) : Infinity;
}

/**
 * CRMs trim text and convert line ends. This is not an edit: rewriting the value would never end.
 */
function isSameValue(a: string | number | null = null, b: string | number | null = null): boolean {
  const normalize = (value: string | number | null) =>
    typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').trim() : (value ?? '');
  return normalize(a) === normalize(b);
}

/** The values of the fields that the mapping writes. */
function writableValues(values: ScoreFieldValues, crm: MappedCrm | undefined): ScoreFieldValues {
  return Object.fromEntries((crm?.writes ?? []).map((field) => [field, values[field] ?? null]));
}

function recordKeyOf({ crm, object, id }: DueRecord): Pick<DueRecord, 'crm' | 'object' | 'id'> {
  return { crm, object, id };
}
