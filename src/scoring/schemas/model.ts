// Reads a model file: text in; a valid model, or problems with file, line and path, out.
import type { Problem } from '../../domain/problem.ts';
import { parseYaml } from '../../yaml/parse-yaml.ts';
import { byPlace, formatPath, type Path, type Place } from '../../yaml/paths.ts';
import { findProblems } from '../checks/model-problems.ts';
import { type Model, modelSchema } from './model-schema.ts';

export { type Model, modelSchema } from './model-schema.ts';

/**
 * @param text the content of a model file (YAML)
 * @param file the file name for problems
 * @returns the model, null when any problem is an error; problems with file, line and path, in file
 *   order
 */
export function readModel(text: string, file: string): { model: Model | null; problems: Problem[] } {
  const { model, problems } = readModelWithPlaces(text, file);
  return { model, problems };
}

interface ReadModel {
  readonly model: Model | null;
  readonly problems: Problem[];
  locate(path: Path): Place;
}

/** As `readModel`, with the places of the file, for further checks. */
export function readModelWithPlaces(text: string, file: string): ReadModel {
  const { value, problems, locate } = parseYaml(text, file, modelSchema, 'model');
  if (!value) return { model: null, problems: [...problems], locate };
  const found = findProblems(value).map(({ path, ...problem }): Problem => {
    return { ...problem, file, ...locate(path), path: formatPath(path) };
  });
  found.sort(byPlace);
  return { model: found.some((problem) => problem.level === 'error') ? null : value, problems: found, locate };
}
