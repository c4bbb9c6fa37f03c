// `npx leadgrade init --preset bant`: a copy of a shipped model to edit, named by MODEL_FILE.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '../product/configuration-error.ts';

const PRESETS = join(import.meta.dirname, '../../mappings/presets');

export interface CopiedPreset {
  readonly file: string;
  /** Whether the file was there, and is used as it is. */
  readonly existed: boolean;
}

/**
 * Copies a preset to `mappings/` of the working directory; an existing file is kept.
 * @throws ConfigurationError for an unknown name
 */
export async function copyPreset(name: string): Promise<CopiedPreset> {
  const names = (await readdir(PRESETS)).map((file) => file.replace(/\.yaml$/, '')).toSorted();
  if (!names.includes(name)) throw new ConfigurationError(`Unknown preset "${name}". Use one of: ${names.join(', ')}.`);
  const file = `mappings/${name}.yaml`;
  if (existsSync(file)) return { file, existed: true };
  const text = await readFile(join(PRESETS, `${name}.yaml`), 'utf8');
  await mkdir('mappings', { recursive: true });
  await writeFile(file, text.replace('$schema=../schema/', '$schema=schema/'));
  return { file, existed: false };
}
