// Reads the environment, and nothing else does. Loads no library: every command starts with it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment of the process over the `.env` of a folder.
 * @throws when that file exists and cannot be read
 */
export function loadEnvironment(folder: string = process.cwd()): Environment {
  const content = readIfExists(join(folder, '.env'));
  return content === null ? process.env : { ...parseEnv(content), ...process.env };
}

/** NAME, or the content of the file that NAME_FILE names. An empty value counts as not set. */
export function readSetting(name: string, environment: Environment): string | undefined | { readonly problem: string } {
  const value = environment[name]?.trim() || undefined;
  const file = environment[`${name}_FILE`]?.trim() || undefined;
  if (file === undefined) return value;
  if (value !== undefined) return { problem: `${name} and ${name}_FILE are both set. Remove one.` };
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    return { problem: `${name}_FILE: cannot read ${file}${code}. Check the path and its permissions.` };
  }
}

/**
 * All settings whose name has the prefix, by their full names, unparsed.
 * @throws when a file that one of them names cannot be read
 */
export function readSettingsByPrefix(prefix: string, environment: Environment): Readonly<Record<string, string>> {
  const given = Object.keys(environment).filter((name) => name.startsWith(prefix));
  const names = new Set(given.map((name) => name.replace(/_FILE$/, '')));
  const found = [...names].flatMap((name) => {
    const value = readSetting(name, environment);
    if (typeof value === 'object') throw new Error(value.problem);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}

function readIfExists(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new Error(`${path} cannot be read. Check its permissions.`, { cause: error });
  }
}
