// What each of several models says of one lead.
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import { addModels, knownModels } from '../../jobs/score/earlier-models.ts';
import { applies } from '../../jobs/score/score-chunk.ts';
import { appliedThresholds, scoringContext } from '../../jobs/score/thresholds/moving-bands.ts';
import type { Lead } from '../../src/domain/lead.ts';
import type { ScoreResult } from '../../src/domain/score-result.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { conditionFields } from '../../src/scoring/schemas/condition.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { type StoredThreshold, thresholdsOf } from '../../src/store/leads/band-thresholds.ts';
import type { FoundLead } from '../../src/store/leads/lead-lookup.ts';
import { modelTexts } from '../../src/store/models/models.ts';
import { otherResultsOf } from '../../src/store/models/other-results.ts';

export interface ExplainedModel {
  readonly model: ScoredModel;
  /** Why the model does not score the lead; null = it does. */
  readonly outside: string | null;
  readonly result: ScoreResult;
  readonly explanation: string;
  readonly stored: readonly StoredThreshold[];
}

/** In the order of the models, the first one first. Of a model that does not score the lead, what it would say. */
export async function explainModels(
  context: JobContext,
  lead: Lead,
  found: Pick<FoundLead, 'id' | 'previous' | 'isCurrent'>,
  now: number,
): Promise<readonly [ExplainedModel, ...ExplainedModel[]]> {
  const { db, model: first, models, timezone } = context;
  const thresholds = await appliedThresholds(context);
  const others = models.length === 1 ? undefined : (await otherResultsOf(db, [found.id])).get(found.id);
  const explainOne = async (model: ScoredModel): Promise<ExplainedModel> => {
    const stored = await thresholdsOf(db, model.hash);
    const previous = model.key === null ? found.previous : (others?.get(model.key) ?? null);
    addModels(await modelTexts(db, previous === null ? [] : [previous.model_hash]));
    const before = { thresholds, earlierModels: knownModels, isCurrent: found.isCurrent };
    const scoring = scoringContext(model, previous, before);
    const result = scoreLead(lead, model.compiled, now, scoring);
    const explanation = explain(result, lead, model.compiled, now, { timezone });
    return {
      model,
      outside: applies(model, lead, previous) ? null : reasonOutside(model, lead),
      result,
      explanation,
      stored,
    };
  };
  const explained: [ExplainedModel, ...ExplainedModel[]] = [await explainOne(first)];
  for (const model of models.slice(1)) explained.push(await explainOne(model));
  return explained;
}

/** `contact.lifecycle is lead` */
function reasonOutside({ where }: ScoredModel, { fields }: Lead): string {
  const named = where === null ? [] : conditionFields(where.condition);
  return named.map((field) => `${field} is ${shown(fields[field])}`).join(' and ');
}

function shown(value: Lead['fields'][string] | undefined): string {
  if (value === undefined || value === null || value === '') return 'unknown';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** `expansion (live): hot, grade A`, or that the model does not score the lead. */
export function headingOf({ model, outside, result }: ExplainedModel): string {
  return outside === null
    ? `${model.name} (${model.role}): ${result.status}, grade ${result.grade}`
    : `${model.name} (${model.role}): not scored, as ${outside}`;
}

/** The models of the JSON form; absent with one model. */
export function modelsJson(explained: readonly ExplainedModel[]): object {
  if (explained.length === 1) return {};
  const models = explained.map(({ model: { name, role }, outside, result, explanation }) => {
    const { id: _, ...score } = result;
    return outside === null
      ? { name, role, scored: true, ...score, explanation }
      : { name, role, scored: false, outside };
  });
  return { models };
}
