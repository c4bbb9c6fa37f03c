// Lines on what holds a lead back: the unmet requirements of the next better band whose points it
// reaches, and the fields without which it has no grade.
import type { FieldValue, Lead } from '../../domain/lead.ts';
import type { ScoreResult } from '../../domain/score-result.ts';
import type { Standing } from '../assess.ts';
import type { CompiledModel } from '../compile/compile.ts';
import { givenField } from '../model-fields.ts';
import { reachesPoints } from '../status.ts';

/** `Hot needs fit 20: 7 more`, one line for each requirement. */
export function unmetLines({ model, position, thresholds, ungatedBandIndex }: Standing): string[] {
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
export function ungradedLines({ grade, contributions }: ScoreResult, lead: Lead, model: CompiledModel): string[] {
  if (grade !== 'Ungraded' || model.fit.attainable === 0) return [];
  const unknown = new Set(
    model.fit.criteria.flatMap(({ fields }, index) =>
      contributions[index]?.outcome === 'unknown' ? fields.filter((field) => isUnknown(lead.fields[field])) : [],
    ),
  );
  if (unknown.size === 0) return [];
  const names = [...new Set([...unknown].map(givenField))];
  const more = names.length > MAX_FIELDS ? ` and ${names.length - MAX_FIELDS} more` : '';
  return [`Ungraded, as too little is known. Unknown: ${names.slice(0, MAX_FIELDS).join(', ')}${more}`];
}

function isUnknown(value: FieldValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  return Array.isArray(value) && value.every((each) => each === null || String(each).trim() === '');
}
