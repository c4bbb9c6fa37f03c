// Reads a file that people edit, up to the size that is read.
import { open, stat } from 'node:fs/promises';
import { formatProblem, formatProblems, type Problem } from '../../src/domain/problem.ts';
import type { FileKind } from '../../src/yaml/file-kind.ts';
import { decodeFile, MAX_FILE_BYTES } from '../../src/yaml/file-text.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { savedValue, saveValue } from './value-cache.ts';

const PATH_FIX = 'Check the path; it is relative to the folder that the command runs in.';

const REASONS: Readonly<Record<string, readonly [message: string, fix: string]>> = {
  ENOENT: ['the file does not exist (ENOENT).', PATH_FIX],
  ENOTDIR: ['the file does not exist (ENOTDIR).', PATH_FIX],
  ENAMETOOLONG: ['the name of the file is too long (ENAMETOOLONG).', PATH_FIX],
  ELOOP: ['the link leads to itself (ELOOP).', PATH_FIX],
  EACCES: ['the file may not be read (EACCES).', 'Give the user who runs the command the right to read it.'],
  EPERM: ['the file may not be read (EPERM).', 'Give the user who runs the command the right to read it.'],
  EISDIR: ['this is a folder, not a file.', 'Name a file in it.'],
};

/** @returns the text, or a problem that says why the file cannot be read */
export async function readText(file: string): Promise<string | Problem> {
  try {
    if ((await stat(file)).isDirectory()) return problemOf(file, 'EISDIR');
    const decoded = decodeFile(await readStart(file, MAX_FILE_BYTES + 1));
    return 'text' in decoded ? decoded.text : { level: 'error', file, path: '', ...decoded.problem };
  } catch (error) {
    return problemOf(file, error instanceof Error && 'code' in error ? String(error.code) : String(error));
  }
}

function problemOf(file: string, code: string): Problem {
  const [message, fix] = REASONS[code] ?? [`the file cannot be read (${code}).`, PATH_FIX];
  return { level: 'error', file, path: '', message, fix };
}

/** The first bytes of a file; also of a pipe, which has no size. */
async function readStart(file: string, most: number): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const bytes = Buffer.allocUnsafe(most);
    let length = 0;
    while (length < most) {
      const { bytesRead } = await handle.read(bytes, length, most - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}

interface Read<T> {
  readonly value: T | null;
  readonly problems: readonly Problem[];
}

/** @throws ConfigurationError that lists all problems of the file, also that it cannot be read */
export async function loadFile<T>(
  file: string,
  read: (text: string) => Read<T>,
): Promise<{ readonly value: T; readonly text: string }> {
  const text = await openText(file);
  return { value: valueOrThrow(read(text)), text };
}

/**
 * As `loadFile`, without reading again a text that was valid last time.
 * @param read imports what it needs, so that an unchanged file loads no parser
 */
export async function loadUnchangedFile<T>(
  file: string,
  kind: FileKind,
  read: (text: string) => Promise<Read<T>>,
): Promise<{ readonly value: T; readonly text: string }> {
  const text = await openText(file);
  const kept = savedValue<T>(kind, text);
  if (kept !== null) return { value: kept.value, text };
  const value = valueOrThrow(await read(text));
  await saveValue(kind, text, value);
  return { value, text };
}

/** @throws ConfigurationError that says why the file cannot be read */
export async function openText(file: string): Promise<string> {
  const text = await readText(file);
  if (typeof text !== 'string') throw new ConfigurationError(formatProblem(text));
  return text;
}

function valueOrThrow<T>({ value, problems }: Read<T>): T {
  if (value !== null) return value;
  const errors = problems.filter(({ level }) => level === 'error');
  throw new ConfigurationError(formatProblems(errors).join('\n'));
}
