// Writes a file atomically: to a temporary file beside it, put in its place at the end. Only regular
// files are written: a symbolic link, a device or a pipe at the path is refused.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { chmod, link, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';

export interface ReplacedFile {
  /** Resolves when more can be written, so that a slow disk slows down the reader. */
  write(text: string): Promise<void>;
  /**
   * Puts the file in its place.
   * @throws OutputRefused when something has appeared at the path meanwhile
   */
  commit(): Promise<void>;
  /** Deletes the temporary file and leaves the existing file unchanged. */
  discard(): Promise<void>;
}

/** The path must not be written; the message is a part of a sentence that follows the path. */
export class OutputRefused extends Error {
  override readonly name = 'OutputRefused';
}

const EXISTS = 'exists. Name another file, or replace it with --force.';
const PRIVATE_MODE = 0o600;

/**
 * @param replace whether an existing file may be replaced; it keeps its mode
 * @throws OutputRefused if the path is not a regular file, or exists and `replace` is false; an error
 *   with the system's `code` if the folder is not writable
 */
export async function replaceFile(file: string, { replace }: { readonly replace: boolean }): Promise<ReplacedFile> {
  // Checked now, so that the error does not come only at the end.
  const mode = await existingMode(file, replace);
  const temporary = join(dirname(file), `.leadgrade-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  // Before the file exists: a signal can arrive while it is opened.
  const removeAtExit = (): void => rmSync(temporary, { force: true });
  process.once('exit', removeAtExit);
  const handle = await open(temporary, 'wx', PRIVATE_MODE);
  const stream = handle.createWriteStream();
  let failure: Error | null = null;
  stream.on('error', (error) => {
    failure = error;
  });
  const discard = async (): Promise<void> => {
    stream.destroy();
    await rm(temporary, { force: true });
    process.removeListener('exit', removeAtExit);
  };
  return {
    write: async (text) => {
      if (failure) throw failure;
      if (!stream.write(text)) await once(stream, 'drain');
    },
    commit: async () => {
      stream.end();
      await finished(stream);
      // The existing file can have changed while this one was written.
      const latest = (await existingMode(file, replace)) ?? mode ?? 0o666 & ~process.umask();
      await chmod(temporary, latest);
      if (replace) await rename(temporary, file);
      else await linkOrRename(temporary, file);
      await discard();
    },
    discard,
  };
}

/** @returns the mode of the existing file; null if there is none */
async function existingMode(file: string, replace: boolean): Promise<number | null> {
  const found = await lstat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return null;
  if (found.isDirectory()) throw new OutputRefused('is a folder. Name a file.');
  if (found.isSymbolicLink()) throw new OutputRefused('is a symbolic link. Name the file that it leads to.');
  if (!found.isFile()) throw new OutputRefused('is a device or a pipe, not a file. Name a file.');
  if (!replace) throw new OutputRefused(EXISTS);
  return found.mode & 0o777;
}

/** A link fails if the path exists, so that a file that appeared meanwhile is not lost. */
async function linkOrRename(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EEXIST') throw new OutputRefused(EXISTS);
    // File systems without hard links: FAT, some network shares.
    await rename(temporary, file);
  }
}

/** Whether both names refer to the same file, links included. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([a, b].map((file) => stat(file, { bigint: true }).catch(() => null)));
  return !!left && !!right && left.dev === right.dev && left.ino === right.ino;
}
