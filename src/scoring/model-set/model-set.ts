// Reads a file that lists several models: text in; a valid list, or problems with file, line and path, out.
import type { Problem } from '../../domain/problem.ts';
import { parseYaml } from '../../yaml/parse-yaml.ts';
import { byPlace, formatPath, type Path } from '../../yaml/paths.ts';
import { conditionProblems, repeatedNames } from '../checks/model-checks.ts';
import { toConjunction } from '../dead-rules/conjunction.ts';
import { contradictionIn } from '../dead-rules/contradictions.ts';
import { lacksField } from '../schemas/condition.ts';
import { type ModelEntry, type ModelSet, modelSetSchema } from './model-set-schema.ts';

type Found = Pick<Problem, 'level' | 'message' | 'fix' | 'listed'> & { readonly path: Path };

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
  const found = [
    ...repeatedNames(value.models, ['models'], 'name'),
    ...roleProblems(value.models),
    ...value.models.flatMap(whereProblems),
  ];
  const all = found.map(toProblem).toSorted(byPlace);
  return { set: all.some(({ level }) => level === 'error') ? null : value, problems: all, toProblem };
}

/** The first live model first: its fields in the CRM have no name in them. */
export function inOrder<T extends { readonly role?: ModelEntry['role'] }>(models: readonly T[]): readonly T[] {
  const first = models.find(({ role }) => role !== 'shadow');
  return first === undefined ? models : [first, ...models.filter((model) => model !== first)];
}

function roleProblems(models: readonly ModelEntry[]): Found[] {
  if (models.some(({ role }) => role !== 'shadow')) return [];
  const message = 'all models are shadows, so no score is written.';
  return [{ level: 'error', path: ['models'], message, fix: 'Write role: live for one of them.' }];
}

function whereProblems({ name, where }: ModelEntry, index: number): Found[] {
  if (where === undefined) return [];
  const path = ['models', index, 'where'];
  const problems = conditionProblems(where, path);
  if (lacksField(where)) return problems;
  const reason = contradictionIn(toConjunction(where));
  if (reason === null) return problems;
  const message = `the model ${name} can score no lead: ${reason}.`;
  return [...problems, { level: 'error', path, message, fix: 'Correct the condition, or remove the model.' }];
}
