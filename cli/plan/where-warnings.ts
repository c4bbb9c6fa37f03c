// What is surely not meant with the `where` of a model: no lead fits it, or every one does.
import { conditionFields } from '../../src/scoring/schemas/condition.ts';
import type { PlannedModel } from './planned-models.ts';

interface LeadCounts {
  /** Leads with a record. */
  readonly leads: number;
  /** Those that a planned model scores. */
  readonly scored: number;
}

export function whereWarnings(planned: readonly PlannedModel[], { leads, scored }: LeadCounts): readonly string[] {
  return planned.flatMap(({ after: { model }, tally }) => {
    if (model.where === null || leads === 0) return [];
    const own = tally.report().bands.reduce((sum, band) => sum + band.after, 0);
    const asked = conditionFields(model.where.condition).join(', ');
    if (own === 0) {
      return [`${model.name} would score none of ${leads} leads: no lead fits its where. Correct it, or map ${asked}.`];
    }
    if (own < scored || planned.length === 1) return [];
    return [`The where of ${model.name} fits all ${scored} leads that are scored. Leave it out, or correct it.`];
  });
}
