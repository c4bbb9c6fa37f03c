// What commands that use a model say about rules that never count.
import { findDeadRules } from '../../src/scoring/dead-rules/find-dead-rules.ts';
import type { Model } from '../../src/scoring/schemas/model-schema.ts';

/** One line if `validate` would refuse the model; empty if not. */
export function ruleWarnings(model: Model): string[] {
  const errors = findDeadRules(model, new Map()).problems.filter(({ level }) => level === 'error');
  const [first] = errors;
  if (first === undefined) return [];
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  return [`The model has rules that are surely not meant: ${first.message}${more} Run: npx leadgrade validate`];
}
