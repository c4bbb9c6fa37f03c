// How a model file is read: text in, a checked model or problems with file, line and path out.
import type { Problem } from '../../domain/problem.ts';
import { formatPath, parseYaml } from '../../yaml/parse-yaml.ts';
import { findProblems } from '../checks/model-problems.ts';
import { type Model, modelSchema } from './model-schema.ts';

export { type Model, modelSchema } from './model-schema.ts';

/**
 * Reads a model file.
 * @param text the file's content (YAML)
 * @param file the name that problems carry
 * @returns the model, null when any problem is an error; problems with file, line and path, in file order
 */
export function readModel(text: string, file: string): { model: Model | null; problems: Problem[] } {
  const { value, problems, locate } = parseYaml(text, file, modelSchema);
  if (!value) return { model: null, problems: [...problems] };
  const found = findProblems(value).map(({ level, path, message, fix }): Problem => {
    const place = { level, file, line: locate(path), path: formatPath(path), message };
    return fix === undefined ? place : { ...place, fix };
  });
  found.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return { model: found.some((problem) => problem.level === 'error') ? null : value, problems: found };
}
