// Decides for one record after a scoring: write the result to its CRM, or leave the CRM as it is.
// Pure.
import {
  SCORE_FIELDS,
  type ScoreField,
  type ScoreFieldValues,
  type ScoreKey,
  scoreKey,
} from '../../src/domain/score-fields.ts';
import { visibleDifference } from '../../src/mapping/visible-difference.ts';
import { clearedScoreFields, toScoreFields } from '../../src/mapping/write-back.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import type { DueRecord } from '../../src/store/leads/input/scoring-input.ts';
import type { WriteDecision } from '../../src/store/leads/scored-lead.ts';
import { isEditedByOthers } from '../../src/store/records/field-conflicts.ts';
import type { MappedCrm } from '../context.ts';
import type { ModelScoring } from './score-model.ts';

export interface WriteContext {
  readonly crms: ReadonlyMap<string, MappedCrm>;
  /** IANA time zone of the dates in explanations. */
  readonly timezone: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * One decision and one patch for all models that write. Each of them is judged by itself: one with a difference that
 * is worth a write is enough.
 *
 * Null: the CRM of the record is not configured.
 * `needs-crm-values`: the record holds the previous results, and the scores alone do not tell whether the new ones are
 * worth a write.
 */
export function decideWrite(
  record: DueRecord,
  scorings: readonly ModelScoring[],
  context: WriteContext,
): WriteDecision | 'needs-crm-values' | null {
  const crm = context.crms.get(record.crm);
  if (!crm) return null;
  const key = recordKeyOf(record);
  const isHeld = record.crm_values === null;
  if (isHeld && !scorings.some((scoring) => haveScoresChanged(scoring, crm))) return 'needs-crm-values';
  if (!isHeld && isEditRespected(record, crm)) return { ...key, kind: 'respected' };
  const values = scorings.map((scoring) => ({ scoring, values: valuesOf(scoring, crm, context) }));
  const patch = merged(values, crm);
  if (isHeld) return { ...key, kind: 'write', patch };
  const difference = Math.max(
    0,
    ...values.map(({ scoring, values: own }) => differenceToCrm(record, scoring, own, crm)),
  );
  if (difference === 0) return { ...key, kind: 'in_sync' };
  if (difference < crm.minChange) return { ...key, kind: 'below_min_change' };
  return { ...key, kind: 'write', patch };
}

/** The values of the fields of one model, without its key. Without a score, they are empty. */
function valuesOf(
  { model, scored }: ModelScoring,
  { connector }: MappedCrm,
  { timezone, now }: WriteContext,
): ScoreFieldValues {
  if (scored === null) return clearedScoreFields();
  const { maxTextLength: maxLength } = connector;
  const explanation = explain(scored.result, scored.lead, model.compiled, now, { timezone, maxLength });
  return toScoreFields(scored.result, explanation);
}

/** The fields of all models that the mapping writes; those of a model that does not score any more stay as they are. */
function merged(
  models: readonly { readonly scoring: ModelScoring; readonly values: ScoreFieldValues }[],
  { writes }: MappedCrm,
): ScoreFieldValues {
  const all = new Map<ScoreKey, string | number | null>();
  for (const { scoring, values } of models) {
    for (const field of SCORE_FIELDS) all.set(scoreKey(scoring.model.key, field), values[field] ?? null);
  }
  return Object.fromEntries(writes.flatMap((key) => (all.has(key) ? [[key, all.get(key) ?? null] as const] : [])));
}

/** The fields of the model that the mapping writes. */
function writtenOf({ model }: ModelScoring, { writes }: MappedCrm): readonly ScoreField[] {
  return SCORE_FIELDS.filter((field) => writes.includes(scoreKey(model.key, field)));
}

/**
 * Whether a score, the grade or the status of a written field differs enough for a write. Then neither the CRM's
 * values nor the explanation need to be compared.
 */
function haveScoresChanged(scoring: ModelScoring, crm: MappedCrm): boolean {
  const { previous, scored } = scoring;
  if (previous === null) return false;
  if (scored === null) return writtenOf(scoring, crm).length > 0;
  const { result } = scored;
  const [fit, behavior] = [result.fit.score - previous.fit_score, result.behavior.score - previous.behavior_score];
  const isEnough = (points: number) => points !== 0 && Math.abs(points) >= crm.minChange;
  const changes: Partial<Record<ScoreField, boolean>> = {
    fit_grade: previous.grade !== result.grade,
    status: previous.status !== result.status,
    fit_score: isEnough(fit),
    behavior_score: isEnough(behavior),
    total_score: isEnough(fit + behavior),
  };
  return writtenOf(scoring, crm).some((field) => changes[field] === true);
}

/** For a record of a lead that is not scored: clears our fields. */
export function decideClear(record: DueRecord, crm: MappedCrm | undefined): WriteDecision {
  const key = recordKeyOf(record);
  if (isEditRespected(record, crm)) return { ...key, kind: 'respected' };
  const isClear = Object.values(record.crm_values ?? {}).every((value) => value === null);
  if (isClear) return { ...key, kind: 'in_sync' };
  return { ...key, kind: 'write', patch: Object.fromEntries((crm?.writes ?? []).map((field) => [field, null])) };
}

/**
 * Edit policy `respect`: an edit of our fields by another writer stays until that writer empties
 * the fields.
 */
function isEditRespected({ crm_values, last_written_values }: DueRecord, crm: MappedCrm | undefined): boolean {
  return crm?.editPolicy === 'respect' && isEditedByOthers(crm_values ?? {}, last_written_values);
}

/**
 * The difference in points between the values of a model and what the CRM shows; 0 = a rep sees the same.
 * `Infinity` if the CRM no longer holds what we last wrote. If that is unknown, all of our fields
 * must be filled, and the same.
 */
function differenceToCrm(
  { crm_values, last_written_values }: DueRecord,
  scoring: ModelScoring,
  values: ScoreFieldValues,
  crm: MappedCrm,
): number {
  const { key } = scoring.model;
  const fields = writtenOf(scoring, crm);
  if (fields.length === 0) return 0;
  const of = (all: ScoreFieldValues) =>
    Object.fromEntries(
      fields.flatMap((field) => {
        const value = all[scoreKey(key, field)];
        return value === undefined ? [] : [[field, value]];
      }),
    );
  const current: ScoreFieldValues = of(crm_values ?? {});
  // Of a model that does not score the lead, only values that the CRM still has matter.
  if (scoring.scored === null) return fields.some((field) => (current[field] ?? null) !== null) ? Infinity : 0;
  const patch: ScoreFieldValues = Object.fromEntries(fields.map((field) => [field, values[field] ?? null]));
  if (last_written_values === null) {
    const isFilled = fields.every((field) => (current[field] ?? null) !== null);
    return isFilled && visibleDifference(current, patch) === 0 ? 0 : Infinity;
  }
  const written: ScoreFieldValues = of(last_written_values);
  const isUntouched = fields.every((field) => isSameValue(current[field], written[field]));
  return isUntouched ? visibleDifference(written, patch) : Infinity;
}

/**
 * CRMs trim text and convert line ends. This is not an edit: rewriting the value would never end.
 */
function isSameValue(a: string | number | null = null, b: string | number | null = null): boolean {
  const normalize = (value: string | number | null) =>
    typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').trim() : (value ?? '');
  return normalize(a) === normalize(b);
}

function recordKeyOf({ crm, object, id }: DueRecord): Pick<DueRecord, 'crm' | 'object' | 'id'> {
  return { crm, object, id };
}
