// What commands that use a model say about it: rules that never count, what has no effect yet,
// fields that no mapping gives, and a version that was not raised.
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import { findDeadRules } from '../../src/scoring/dead-rules/find-dead-rules.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { mappedFields, modelGap } from './model-gaps.ts';
import { ruleWarnings } from './rule-warnings.ts';
import { findModelChange } from './versions/model-changes.ts';

/** For the log of a service that starts: one line each. */
export async function modelWarnings({
  db,
  models,
  crms,
}: Pick<JobContext, 'db' | 'models' | 'crms'>): Promise<readonly string[]> {
  const given = mappedFields(crms);
  const found = await Promise.all(models.map((model) => warningsOf(db, model, given)));
  return found.flatMap((warnings, index) => {
    return models.length === 1 ? warnings : warnings.map((warning) => `${models[index]?.name}: ${warning}`);
  });
}

async function warningsOf(
  db: JobContext['db'],
  model: ScoredModel,
  given: ReadonlySet<string>,
): Promise<readonly string[]> {
  const { model: source } = readModel(model.text, model.compiled.id);
  if (source === null) return [];
  const { problems } = findDeadRules(source, new Map());
  const notes = problems.filter(({ level }) => level === 'note');
  const change = await findModelChange(db, model.compiled.id, model.hash);
  const gap = modelGap(model.compiled, given);
  return [
    ...ruleWarnings(problems),
    ...(gap === null ? [] : [`${gap.message}. ${gap.fix}`]),
    ...notes.map(({ message }) => message),
    ...(change === null ? [] : [`${change.message} ${change.fix}`]),
  ];
}
