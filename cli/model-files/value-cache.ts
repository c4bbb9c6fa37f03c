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
  readonly code: string;
  readonly text: string;
  readonly value: T;
}

const ROOT = join(import.meta.dirname, '../..');
/** The folders of the code that reads and checks models and titles. */
export const CODE = ['cli/model-files', 'src/domain', 'src/problems', 'src/scoring', 'src/titles', 'src/yaml'];

/** @returns null if no value of this text is kept, or the command runs without a cache */
export function savedValue<T>(kind: FileKind, text: string): { readonly value: T } | null {
  const file = cacheFile(kind);
  if (file === null) return null;
  try {
    const kept: Kept<T> = deserialize(readFileSync(file));
    return kept.text === text && kept.code === codeStamp() ? kept : null;
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
    await writeFile(draft, serialize({ code: codeStamp(), text, value }));
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

let stamp: string | null = null;

/** Changes with the code: the versions in package.json, and size and time of each source file. */
function codeStamp(): string {
  stamp ??= [readFileSync(join(ROOT, 'package.json'), 'utf8'), ...CODE.flatMap(filesOf)].join('\n');
  return stamp;
}

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => {
    const { size, mtimeMs } = statSync(join(ROOT, folder, name));
    return `${folder}/${name} ${size} ${mtimeMs}`;
  });
}
