// What a valid model says that is surely or probably not meant: rules that never count, bands that
// no lead reaches. `error`: surely not meant. Only `validate` refuses such a model: a service that
// ran with it yesterday must start after an upgrade, so the other commands warn.
import type { ModelProblem } from '../checks/model-checks.ts';
import type { Model } from '../schemas/model-schema.ts';
import { findBandRules } from './band-rules.ts';
import { findTextMistakes } from './condition-texts.ts';
import { toConjunction } from './conjunction.ts';
import { contradictionIn } from './contradictions.ts';
import { findDeadCases } from './dead-cases.ts';
import { type FieldFacts, findTypeMistakes } from './field-types.ts';
import type { Budget } from './implication.ts';
import { type Reach, reachOf } from './reach.ts';
import { findSignalRules } from './signal-rules.ts';

export interface ModelReview {
  readonly problems: readonly ModelProblem[];
  readonly reach: Reach;
}

/** Comparisons of conditions in one model; a model of a hundred criteria needs a few thousand. */
const MAX_COMPARISONS = 500_000;

/**
 * @param model a model that its schema and `findProblems` accepted
 * @param facts what the mappings put into the fields, by field; empty = nothing is known
 */
export function findDeadRules(model: Model, facts: FieldFacts): ModelReview {
  const budget: Budget = { left: MAX_COMPARISONS };
  const cases = (model.fit?.criteria ?? []).map((criterion, index) => {
    return { id: criterion.id, ...findDeadCases(criterion, ['fit', 'criteria', index], budget) };
  });
  const reach = reachOf(model, new Map(cases.map(({ id, dead }) => [id, dead])));
  const problems = [
    ...cases.flatMap((each) => each.problems),
    ...overrideProblems(model),
    ...findSignalRules(model, reach),
    ...findBandRules(model, reach),
    ...findTypeMistakes(model, facts),
    ...findTextMistakes(model),
    ...notYetUsed(model),
  ];
  return { problems, reach };
}

function overrideProblems({ fit, status }: Model): ModelProblem[] {
  const overrides = (fit?.overrides ?? []).flatMap(({ id, when, min_grade, max_grade }, index): ModelProblem[] => {
    const path = ['fit', 'overrides', index];
    const reason = contradictionIn(toConjunction(when));
    if (reason !== null) {
      const message = `the override ${id} can never apply: ${reason}.`;
      return [
        { level: 'error', path: [...path, 'when'], message, fix: 'Correct the condition, or remove the override.' },
      ];
    }
    if ((min_grade ?? 'F') !== 'F' || (max_grade ?? 'A') !== 'A') return [];
    const message = `the override ${id} changes no grade: every grade is at least F and at most A.`;
    return [{ level: 'warning', path, message, fix: 'Write max_grade: D, for example.' }];
  });
  const gates = (status.gates ?? []).flatMap(({ id, unless }, index): ModelProblem[] => {
    const reason = contradictionIn(toConjunction(unless));
    if (reason === null) return [];
    const message = `the gate ${id} is never lifted: ${reason}.`;
    return [{ level: 'error', path: ['status', 'gates', index, 'unless'], message, fix: 'Correct the condition.' }];
  });
  return [...overrides, ...gates];
}

/** `sla` and `action` are read and kept, and nothing acts on them yet. */
function notYetUsed({ status }: Model): ModelProblem[] {
  const keys = ['sla', 'action'] as const;
  const used = keys.filter((key) => status.bands.some((band) => band[key] !== undefined));
  if (used.length === 0) return [];
  const bands = status.bands.filter((band) => keys.some((key) => band[key] !== undefined)).map(({ id }) => id);
  const message = `${used.join(' and ')} of a band ${used.length > 1 ? 'have' : 'has'} no effect yet (${bands.join(', ')}).`;
  return [{ level: 'note', path: ['status', 'bands'], message, fix: 'Nothing needs to be changed.' }];
}
