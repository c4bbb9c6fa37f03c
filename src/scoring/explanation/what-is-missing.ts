// Lines on what holds a lead back: the unmet requirements of the next better band whose points it
// reaches, and the fields without which it has no grade.
import type { FieldValue } from '../../domain/lead.ts';
import type { Contribution, ScoreResult } from '../../domain/score-result.ts';
import type { Standing } from '../assess.ts';
import { thresholdsAfter } from '../capacity/lead-thresholds.ts';
import type { CompiledModel } from '../compile/compile.ts';
import { isState, type LeadSource } from '../ledger.ts';
import { givenField } from '../model-fields.ts';
import { reachesPoints } from '../status.ts';

/** `Hot needs fit 20: 7 more`, one line for each requirement. */
export function unmetLines(standing: Standing): string[] {
  const { model, position, ungatedBandIndex, bandIndex } = standing;
  // What is missing comes with a rise of the points.
  const thresholds = thresholdsAfter(1, model.status, standing.thresholds, bandIndex);
  for (let index = ungatedBandIndex - 1; index >= 0; index--) {
    const band = model.status.bands[index];
    if (band === undefined || !reachesPoints(model.status, index, position, thresholds)) continue;
    const unmet = band.requirements.filter((requirement) => !requirement.holds(position));
    if (unmet.length > 0) return unmet.map((requirement) => `${band.label} needs ${requirement.missing(position)}`);
  }
  return [];
}

const MAX_FIELDS = 5;

/** For a lead without a grade. */
export function ungradedLines({ grade, contributions }: ScoreResult, lead: LeadSource, model: CompiledModel): string[] {
  if (grade !== 'Ungraded' || model.fit.attainable === 0) return [];
  const unknown = unknownFields(contributions, lead, model);
  if (unknown.length === 0) return [];
  const names = [...new Set(unknown.map(givenField))];
  const more = names.length > MAX_FIELDS ? ` and ${names.length - MAX_FIELDS} more` : '';
  return [`Ungraded, as too little is known. Unknown: ${names.slice(0, MAX_FIELDS).join(', ')}${more}`];
}

/** The unknown fields of the unknown criteria. @param lines the first ones are those of the criteria */
export function unknownFields(
  lines: readonly Contribution[],
  lead: LeadSource,
  { fit }: CompiledModel,
): readonly string[] {
  if (isState(lead)) return lead.unknown ?? [];
  const ofUnknown = fit.criteria.flatMap(({ fields }, index) => (lines[index]?.outcome === 'unknown' ? fields : []));
  return [...new Set(ofUnknown)].filter((field) => isUnknown(lead.fields[field]));
}

function isUnknown(value: FieldValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  return Array.isArray(value) && value.every((each) => each === null || String(each).trim() === '');
}
