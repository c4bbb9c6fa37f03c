// Checks shared by the parts of a model: ids, references, conditions, field names, activity types.
import { CANONICAL_ACTIVITIES, CANONICAL_FIELDS } from '../../domain/canonical.ts';
import type { Path } from '../../yaml/parse-yaml.ts';
import { type Condition, conditionFields, lacksField } from '../schemas/condition-schema.ts';

export interface ModelProblem {
  readonly level: 'error' | 'warning';
  readonly path: Path;
  readonly message: string;
  readonly fix?: string;
}

/** An error for a reference to an unknown id. @param kind `signal`, `band` */
export function unknownReference(kind: string, id: string, known: Iterable<string>, path: Path): ModelProblem {
  return {
    level: 'error',
    path,
    message: `unknown ${kind} "${id}".`,
    fix: `Use one of: ${[...known].join(', ') || '(none defined)'}.`,
  };
}

/** An error for each entry whose id an earlier entry of the list has. */
export function repeatedIds(list: readonly { readonly id: string }[], path: Path): ModelProblem[] {
  const seen = new Set<string>();
  return list.flatMap(({ id }, index): ModelProblem[] => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    const message = `duplicate id "${id}" in this list.`;
    return [{ level: 'error', path: [...path, index, 'id'], message, fix: 'Give each entry a unique id.' }];
  });
}

/** Problems of a condition: operators without a field (error), unknown fields (warning). */
export function conditionProblems(condition: Condition, path: Path, defaultField?: string): ModelProblem[] {
  const fields = conditionFields(condition, defaultField).filter((field) => field !== defaultField);
  const unknown = unknownFields(fields, path);
  if (!lacksField(condition, defaultField)) return unknown;
  const message = 'an operator has no field.';
  return [...unknown, { level: 'error', path, message, fix: 'Add a field, e.g. field: contact.job_title.' }];
}

/** A warning for each field name that is not canonical. */
export function unknownFields(fields: readonly string[], path: Path): ModelProblem[] {
  return fields
    .filter((field) => !CANONICAL_FIELDS.includes(field))
    .map((field) => ({
      level: 'warning',
      path,
      message: `unknown field "${field}".`,
      fix: 'Check the spelling. If it is your own field, a mapping must fill it.',
    }));
}

export function unknownActivity(type: string, path: Path): ModelProblem[] {
  if (Object.hasOwn(CANONICAL_ACTIVITIES, type)) return [];
  const message = `unknown activity type "${type}".`;
  const fix = 'Check the spelling. If it is your own type, a mapping must create its activities.';
  return [{ level: 'warning', path, message, fix }];
}
