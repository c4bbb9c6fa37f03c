// What each of several models says of one lead.
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import { addModels, knownModels } from '../../jobs/score/earlier-models.ts';
import { previousOf } from '../../jobs/score/score-model.ts';
import { appliedThresholds, scoringContext } from '../../jobs/score/thresholds/moving-bands.ts';
import type { Lead } from '../../src/domain/lead.ts';
import type { ScoreResult } from '../../src/domain/score-result.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { type StoredThreshold, thresholdsOf } from '../../src/store/leads/band-thresholds.ts';
import type { FoundLead } from '../../src/store/leads/lead-lookup.ts';
import { modelTexts } from '../../src/store/models/models.ts';
import { otherResultsOf } from '../../src/store/models/other-results.ts';
import { outsideOf } from '../replay/outside-model.ts';
import { type History, historyJson } from './explain-history.ts';

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
  const isFirstAlone = models.every(({ key }) => key === null);
  const others = isFirstAlone ? undefined : (await otherResultsOf(db, [found.id])).get(found.id);
  const explainOne = async (model: ScoredModel): Promise<ExplainedModel> => {
    const stored = await thresholdsOf(db, model.hash);
    const previous = previousOf(model, { previous: found.previous, others });
    addModels(await modelTexts(db, previous === null ? [] : [previous.model_hash]));
    const before = { thresholds, earlierModels: knownModels, isCurrent: found.isCurrent };
    const scoring = scoringContext(model, previous, before);
    const result = scoreLead(lead, model.compiled, now, scoring);
    const explanation = explain(result, lead, model.compiled, now, { timezone });
    return { model, outside: outsideOf(model, lead, previous), result, explanation, stored };
  };
  const explained: [ExplainedModel, ...ExplainedModel[]] = [await explainOne(first)];
  for (const model of models.slice(1)) explained.push(await explainOne(model));
  return explained;
}

/** `expansion (live): hot, grade A`, or that the model does not score the lead. Without a name for the only model. */
export function headingOf({ model, outside, result }: ExplainedModel, isOnly: boolean): string {
  const name = isOnly ? result.id : `${model.name} (${model.role})`;
  return outside === null ? `${name}: ${result.status}, grade ${result.grade}` : `${name}: not scored, as ${outside}`;
}

/** The models of the JSON form; absent with one model. */
export function modelsJson(explained: readonly ExplainedModel[], histories: readonly History[]): object {
  if (explained.length === 1) return {};
  const models = explained.map(({ model: { name, role }, outside, result, explanation }) => {
    const { id: _, ...score } = result;
    const history = histories.filter(({ model }) => model.name === name).map(historyJson);
    const said = outside === null ? { scored: true, ...score, explanation } : { scored: false, outside };
    return { name, role, ...said, ...history[0] };
  });
  return { models };
}
