// Decides for one record after a scoring: write the result to its CRM, or leave the CRM as it is.
// Pure.
import type { Lead } from '../../src/domain/lead.ts';
import type { ScoreFieldValues } from '../../src/domain/score-fields.ts';
import type { ScoreResult } from '../../src/domain/score-result.ts';
import { visibleDifference } from '../../src/mapping/visible-difference.ts';
import { clearedScoreFields, toScoreFields } from '../../src/mapping/write-back.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import type { WriteDecision } from '../../src/store/leads/scored-lead.ts';
import type { DueRecord } from '../../src/store/leads/scoring-input.ts';
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

/** Null: the CRM of the record is not configured. */
export function decideWrite(
  record: DueRecord,
  result: ScoreResult,
  lead: Lead,
  { crms, model, timezone, now }: WriteContext,
): WriteDecision | null {
  const crm = crms.get(record.crm);
  if (!crm) return null;
  const key = recordKeyOf(record);
  if (isEditRespected(record, crm)) return { ...key, kind: 'respected' };
  const maxLength = crm.connector.maxTextLength;
  const explanation = explain(result, lead, model.compiled, now, { timezone, maxLength });
  const patch = writableValues(toScoreFields(result, explanation), crm);
  const difference = differenceToCrm(record, patch);
  if (difference === 0) return { ...key, kind: 'in_sync' };
  if (difference < crm.minChange) return { ...key, kind: 'below_min_change' };
  return { ...key, kind: 'write', patch };
}

/** For a record of a lead that is not scored: clears our fields. */
export function decideClear(record: DueRecord, crm: MappedCrm | undefined): WriteDecision {
  const key = recordKeyOf(record);
  if (isEditRespected(record, crm)) return { ...key, kind: 'respected' };
  const isClear = Object.values(record.crm_values).every((value) => value === null);
  return isClear
    ? { ...key, kind: 'in_sync' }
    : { ...key, kind: 'write', patch: writableValues(clearedScoreFields(), crm) };
}

/**
 * Edit policy `respect`: an edit of our fields by another writer stays until that writer empties
 * the fields.
 */
function isEditRespected({ crm_values, last_written_values }: DueRecord, crm: MappedCrm | undefined): boolean {
  return crm?.editPolicy === 'respect' && isEditedByOthers(crm_values, last_written_values);
}

/**
 * The difference in points between `patch` and what the CRM shows; 0 = a rep sees the same.
 * `Infinity` if the CRM no longer holds what we last wrote. If that is unknown, all of our fields
 * must be filled, and the same.
 */
function differenceToCrm({ crm_values, last_written_values }: DueRecord, patch: ScoreFieldValues): number {
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
