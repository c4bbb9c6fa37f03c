// Parses settings, whose problems are sentences about `NAME=value`.
import type { z } from 'zod';
import { type Path, valueAt } from '../../src/problems/sentence.ts';
import { closest } from '../../src/problems/suggest.ts';
import { parseInWords } from '../../src/problems/zod-sentences.ts';
import type { Environment } from './environment.ts';

interface Options {
  /** All names that are set, to find misspelled ones. */
  readonly environment: Environment;
  /** Whether the value of a setting is never printed. */
  isSecret(name: string): boolean;
}

/** @returns the values, or one sentence for each problem */
export function parseSettings<T>(
  schema: z.ZodType<T>,
  given: Readonly<Record<string, string | undefined>>,
  { environment, isSecret }: Options,
): { readonly value: T } | { readonly problems: readonly string[] } {
  const isSecretPath = (path: Path) => isSecret(String(path[0]));
  const line = (name: string, value: string) => `${name}=${value}`;
  const notation = { line, isSecret: isSecretPath, isTextOnly: true };
  const parsed = parseInWords(schema, given, notation);
  if ('value' in parsed) return parsed;
  const problems = parsed.sentences.map(({ path, message, fix }) => {
    const name = String(path[0]);
    const isMissing = valueAt(given, path) === undefined;
    const misspelled = isMissing ? misspelledName(name, environment) : null;
    const advice = misspelled === null ? fix : `${misspelled} is set: did you mean ${name}?`;
    return isMissing && misspelled === null ? message : [message, advice].filter(Boolean).join(' ');
  });
  return { problems };
}

function misspelledName(name: string, environment: Environment): string | null {
  const [prefix = ''] = name.split('_');
  const others = Object.keys(environment).filter((each) => each !== name && each.startsWith(prefix.slice(0, 4)));
  const found = closest(name, others);
  return found !== null && found.replace(/_FILE$/, '') !== name ? found : null;
}
