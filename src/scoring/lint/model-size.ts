// The number of criteria and signals: five to fifteen of each can be explained to a sales rep.
import type { ModelProblem } from '../checks/model-checks.ts';
import type { Model } from '../schemas/model-schema.ts';

const MANY = 15;
const TOO_MANY = 30;

export function findSizeProblems({ fit, behavior, allow_large = false }: Model): ModelProblem[] {
  if (allow_large) return [];
  return [
    ...sizeProblems('criteria', fit?.criteria.length ?? 0, ['fit', 'criteria']),
    ...sizeProblems('signals', behavior?.signals.length ?? 0, ['behavior', 'signals']),
  ];
}

function sizeProblems(what: string, count: number, path: ModelProblem['path']): ModelProblem[] {
  if (count <= MANY) return [];
  if (count > TOO_MANY) {
    const message = `the model has ${count} ${what}; with more than ${TOO_MANY}, a score cannot be explained.`;
    const fix = 'Remove or merge some, or write allow_large: true at the top of the model.';
    return [{ level: 'error', path, message, fix }];
  }
  const message = `the model has ${count} ${what}; with more than ${MANY}, a score is hard to explain.`;
  const fix = `Remove those that decide least: npx leadgrade score --sample prints how often each one counts.`;
  return [{ level: 'warning', path, message, fix }];
}
