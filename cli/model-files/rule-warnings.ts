// What commands that use a model say about rules that never count.
import type { ModelProblem } from '../../src/scoring/checks/model-checks.ts';

/**
 * @param problems what `findDeadRules` found
 * @returns one line if `validate` would refuse the model; empty if not
 */
export function ruleWarnings(problems: readonly ModelProblem[]): string[] {
  const errors = problems.filter(({ level }) => level === 'error');
  const [first] = errors;
  if (first === undefined) return [];
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  return [`The model has rules that are surely not meant: ${first.message}${more} Run: npx leadgrade validate`];
}
