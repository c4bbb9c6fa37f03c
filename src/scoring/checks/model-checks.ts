// Checks shared by the parts of a model: ids, references, conditions, field names, activity types.
import { CANONICAL_ACTIVITIES, CANONICAL_FIELDS } from '../../domain/canonical.ts';
import type { Problem } from '../../domain/problem.ts';
import { closest } from '../../problems/suggest.ts';
import type { Path } from '../../yaml/paths.ts';
import { type Condition, conditionFields, lacksField } from '../schemas/condition.ts';

export interface ModelProblem extends Pick<Problem, 'level' | 'message' | 'fix' | 'listed'> {
  readonly path: Path;
}

/** An error for a reference to an unknown id. @param kind `signal`, `band` */
export function unknownReference(kind: string, id: string, known: Iterable<string>, path: Path): ModelProblem {
  const ids = [...known];
  const meant = closest(id, ids);
  return {
    level: 'error',
    path,
    message: meant === null ? `unknown ${kind} "${id}".` : `unknown ${kind} "${id}": did you mean ${meant}?`,
    fix: ids.length === 0 ? `The model has no ${kind}.` : `Use one of: ${ids.join(', ')}.`,
  };
}

/** An error for each entry whose id an earlier entry of the list has. */
export function repeatedIds(list: readonly { readonly id: string }[], path: Path): ModelProblem[] {
  return repeatedNames(list, path, 'id');
}

/** An error for each entry whose name, under this key, an earlier entry of the list has. */
export function repeatedNames<K extends string>(
  list: readonly { readonly [key in K]: string }[],
  path: Path,
  key: K,
): ModelProblem[] {
  const seen = new Set<string>();
  return list.flatMap((entry, index): ModelProblem[] => {
    const name = entry[key];
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const message = `the ${key} "${name}" stands twice in this list.`;
    const fix = `Give one of them another ${key}, for example ${name}_2.`;
    return [{ level: 'error', path: [...path, index, key], message, fix }];
  });
}

/** Problems of a condition: operators without a field (error), unknown fields (warning). */
export function conditionProblems(condition: Condition, path: Path, defaultField?: string): ModelProblem[] {
  const fields = conditionFields(condition, defaultField).filter((field) => field !== defaultField);
  const unknown = unknownFields(fields, path);
  if (!lacksField(condition, defaultField)) return unknown;
  const message = 'the condition does not say which field it is about.';
  return [...unknown, { level: 'error', path, message, fix: 'Add field: contact.job_title' }];
}

/** A warning for each field name that is not canonical. */
export function unknownFields(fields: readonly string[], path: Path): ModelProblem[] {
  return fields
    .filter((field) => !CANONICAL_FIELDS.includes(field))
    .map((field) => {
      const fix = 'Check the spelling. If it is your own field, a mapping must fill it.';
      return unknownName('field', field, { known: CANONICAL_FIELDS, path, fix });
    });
}

export function unknownActivity(type: string, path: Path): ModelProblem[] {
  if (Object.hasOwn(CANONICAL_ACTIVITIES, type)) return [];
  const fix = 'Check the spelling. If it is your own type, a mapping must create its activities.';
  return [unknownName('activity type', type, { known: Object.keys(CANONICAL_ACTIVITIES), path, fix })];
}

/** A warning for a name that may be the team's own, and may be misspelled. */
function unknownName(
  kind: string,
  name: string,
  { known, path, fix }: { readonly known: readonly string[]; readonly path: Path; readonly fix: string },
): ModelProblem {
  const meant = closest(name, known);
  const noun = `unknown ${kind}`;
  if (meant === null) return { level: 'warning', path, message: `${noun} "${name}".`, fix, listed: { noun, name } };
  return { level: 'warning', path, message: `${noun} "${name}": did you mean ${meant}?`, fix };
}
