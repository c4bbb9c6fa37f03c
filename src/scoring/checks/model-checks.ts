// Checks that the parts of a model share: ids, references, conditions, names of fields and activity types.
import { CANONICAL_ACTIVITIES, CANONICAL_FIELDS } from '../../domain/canonical.ts';
import type { Path } from '../../yaml/parse-yaml.ts';
import { type Condition, conditionFields, lacksField } from '../schemas/condition-schema.ts';

export interface ModelProblem {
  readonly level: 'error' | 'warning';
  readonly path: Path;
  readonly message: string;
  readonly fix?: string;
}

/** An id that is not among those it can refer to. */
export function unknownReference(what: string, id: string, known: Iterable<string>, path: Path): ModelProblem {
  return {
    level: 'error',
    path,
    message: `there is no ${what} "${id}".`,
    fix: `Known: ${[...known].join(', ') || 'none'}.`,
  };
}

/** Entries of a list whose id an entry before them has. */
export function repeatedIds(list: readonly { readonly id: string }[], path: Path): ModelProblem[] {
  const seen = new Set<string>();
  return list.flatMap(({ id }, index): ModelProblem[] => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    const message = `the id "${id}" stands twice in this list.`;
    return [{ level: 'error', path: [...path, index, 'id'], message, fix: 'Give each entry an id of its own.' }];
  });
}

/** Problems of a condition: operators without a field, fields that nobody knows. */
export function conditionProblems(condition: Condition, path: Path, defaultField?: string): ModelProblem[] {
  const fields = conditionFields(condition, defaultField).filter((field) => field !== defaultField);
  const unknown = unknownFields(fields, path);
  if (!lacksField(condition, defaultField)) return unknown;
  const message = 'an operator has no field to look at.';
  return [...unknown, { level: 'error', path, message, fix: 'Add field, e.g. field: contact.job_title.' }];
}

/** Field names that neither come with the product nor are known otherwise: warnings. */
export function unknownFields(fields: readonly string[], path: Path): ModelProblem[] {
  return fields
    .filter((field) => !CANONICAL_FIELDS.includes(field))
    .map((field) => ({
      level: 'warning',
      path,
      message: `"${field}" is not a field that comes with the product.`,
      fix: 'Check its spelling, or see that a mapping fills it.',
    }));
}

export function unknownActivity(type: string, path: Path): ModelProblem[] {
  if (Object.hasOwn(CANONICAL_ACTIVITIES, type)) return [];
  const message = `"${type}" is not an activity type that comes with the product.`;
  return [{ level: 'warning', path, message, fix: 'Check its spelling, or see that a mapping or connector gives it.' }];
}
