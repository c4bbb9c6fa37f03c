// Reads a file that lists several models: text in; a valid list, or problems with file, line and path, out.
import type { Problem } from '../../domain/problem.ts';
import { parseYaml } from '../../yaml/parse-yaml.ts';
import { byPlace, formatPath, type Path } from '../../yaml/paths.ts';
import { toConjunction } from '../dead-rules/conjunction.ts';
import { contradictionIn } from '../dead-rules/contradictions.ts';
import { lacksField } from '../schemas/condition.ts';
import { type ModelEntry, type ModelSet, modelSetSchema } from './model-set-schema.ts';

type Found = Pick<Problem, 'level' | 'message' | 'fix'> & { readonly path: Path };

interface ReadModelSet {
  /** Null when any problem is an error. */
  readonly set: ModelSet | null;
  readonly problems: readonly Problem[];
  /** Adds file and line to a problem of the list that its reader found. */
  toProblem(found: Found): Problem;
}

/**
 * @param text the content of the file (YAML)
 * @param file the file name for problems
 */
export function readModelSet(text: string, file: string): ReadModelSet {
  const { value, problems, locate } = parseYaml(text, file, modelSetSchema, 'models');
  const toProblem = ({ path, ...found }: Found): Problem => {
    return { ...found, file, ...locate(path), path: formatPath(path) };
  };
  if (value === null) return { set: null, problems, toProblem };
  const found = [...nameProblems(value.models), ...roleProblems(value.models), ...value.models.flatMap(whereProblems)];
  const all = found.map(toProblem).toSorted(byPlace);
  return { set: all.some(({ level }) => level === 'error') ? null : value, problems: all, toProblem };
}

/** The first live model first: its fields in the CRM have no name in them. */
export function inOrder<T extends { readonly role?: ModelEntry['role'] }>(models: readonly T[]): readonly T[] {
  const first = models.find(({ role }) => role !== 'shadow');
  return first === undefined ? models : [first, ...models.filter((model) => model !== first)];
}

function nameProblems(models: readonly ModelEntry[]): Found[] {
  return models.flatMap(({ name }, index) => {
    if (models.findIndex((other) => other.name === name) === index) return [];
    const message = `the name "${name}" is used twice.`;
    return [
      { level: 'error' as const, path: ['models', index, 'name'], message, fix: 'Give each model its own name.' },
    ];
  });
}

function roleProblems(models: readonly ModelEntry[]): Found[] {
  if (models.some(({ role }) => role !== 'shadow')) return [];
  const message = 'all models are shadows, so no score is written.';
  return [{ level: 'error', path: ['models'], message, fix: 'Write role: live for one of them.' }];
}

function whereProblems({ name, where }: ModelEntry, index: number): Found[] {
  if (where === undefined) return [];
  const path = ['models', index, 'where'];
  if (lacksField(where)) {
    const message = 'the condition does not say which field it is about.';
    return [
      { level: 'error', path, message, fix: 'Add field, for example { field: contact.lifecycle, is: customer }.' },
    ];
  }
  const reason = contradictionIn(toConjunction(where));
  if (reason === null) return [];
  const message = `the model ${name} can score no lead: ${reason}.`;
  return [{ level: 'error', path, message, fix: 'Correct the condition, or remove the model.' }];
}
