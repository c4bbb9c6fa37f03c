// What a service that starts says about its model: rules that never count, what has no effect yet,
// and a version that was not raised.
import type { JobContext } from '../../jobs/context.ts';
import { findDeadRules } from '../../src/scoring/dead-rules/find-dead-rules.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { findModelChange } from './model-changes.ts';
import { ruleWarnings } from './rule-warnings.ts';

/** For the log of a service that starts: one line each. */
export async function modelWarnings({ db, model }: Pick<JobContext, 'db' | 'model'>): Promise<readonly string[]> {
  const { model: source } = readModel(model.text, model.compiled.id);
  if (source === null) return [];
  const notes = findDeadRules(source, new Map()).problems.filter(({ level }) => level === 'note');
  const change = await findModelChange(db, model.compiled.id, model.hash);
  return [
    ...ruleWarnings(source),
    ...notes.map(({ message }) => message),
    ...(change === null ? [] : [`${change.message} ${change.fix}`]),
  ];
}
