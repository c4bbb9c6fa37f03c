// Keeps what was read from the last valid YAML file of a kind, beside the compiled code of the
// commands. To load and run the YAML parser, the schema and the checks takes more CPU time than
// everything else in a command that scores one lead.
//
// A kept value is used only for the same text and the same code. Its folder is the one from which
// Node runs compiled code, so that a kept value is trusted as the code is.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { FileKind } from '../../src/yaml/file-kind.ts';

interface Kept<T> {
  /** The source files that read it, from the root of the package. */
  readonly files: readonly string[];
  readonly code: string;
  readonly text: string;
  readonly value: T;
}

const ROOT = join(import.meta.dirname, '../..');
/** The folders of the code that reads and checks models and titles, and that shapes what is kept. */
export const CODE = [
  'cli/model-files',
  'cli/product/files',
  'src/domain',
  'src/problems',
  'src/scoring',
  'src/titles',
  'src/yaml',
];

/** @returns null if no value of this text is kept, or the command runs without a cache */
export function savedValue<T>(kind: FileKind, text: string): { readonly value: T } | null {
  const file = cacheFile(kind);
  if (file === null) return null;
  try {
    const kept: Kept<T> = deserialize(readFileSync(file));
    return kept.text === text && kept.code === codeStamp(kept.files) ? kept : null;
  } catch {
    return null;
  }
}

/** Replaces the value of an earlier text of that kind. A failure only costs time, so it is ignored. */
export async function saveValue(kind: FileKind, text: string, value: unknown): Promise<void> {
  const file = cacheFile(kind);
  if (file === null) return;
  const draft = `${file}.${process.pid}`;
  try {
    const files = CODE.flatMap(filesOf);
    await writeFile(draft, serialize({ files, code: codeStamp(files), text, value }));
    await rename(draft, file);
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

/** Null where the compile cache is off, or its folder cannot be written. */
function cacheFile(kind: FileKind): string | null {
  const folder = getCompileCacheDir();
  return folder === undefined ? null : join(folder, `${kind}.value`);
}

/** Changes with the code: the versions in package.json, and size and time of each source file. */
function codeStamp(files: readonly string[]): string {
  const stats = files.map((file) => {
    const { size, mtimeMs } = statSync(join(ROOT, file));
    return `${file} ${size} ${mtimeMs}`;
  });
  return [readFileSync(join(ROOT, 'package.json'), 'utf8'), ...stats].join('\n');
}

/** Listed when a value is saved only: listing them takes twice the time of asking for their sizes. */
function filesOf(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => `${folder}/${name}`);
}
