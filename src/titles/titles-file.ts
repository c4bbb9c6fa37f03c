// Reads the dictionary of job titles, `mappings/titles.yaml`.
import type { Problem } from '../domain/problem.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';
import { type TitleDictionary, titlesSchema } from './titles-schema.ts';

/**
 * @param text the content of the file (YAML)
 * @param file the file name for problems
 * @returns the dictionary, or null with at least one problem
 */
export function readTitles(
  text: string,
  file: string,
): { titles: TitleDictionary | null; problems: readonly Problem[] } {
  const { value, problems } = parseYaml(text, file, titlesSchema, 'titles');
  return { titles: value, problems };
}
