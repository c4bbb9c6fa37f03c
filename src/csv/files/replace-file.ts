// Writes a file atomically: to a temporary file beside it, renamed at the end.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';

export interface ReplacedFile {
  /** Resolves when more can be written, so that a slow disk slows down the reader. */
  write(text: string): Promise<void>;
  /** Replaces the file. */
  commit(): Promise<void>;
  /** Deletes the temporary file and leaves the existing file unchanged. */
  discard(): Promise<void>;
}

/**
 * @throws an error with the system's `code` if the folder is not writable, or `file` is a folder
 */
export async function replaceFile(file: string): Promise<ReplacedFile> {
  // Checked now, so that the error does not come only from the rename at the end.
  const isFolder = (await stat(file).catch(() => null))?.isDirectory() ?? false;
  if (isFolder) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  const stream = createWriteStream(temporary, { flags: 'wx' });
  await once(stream, 'open');
  let failure: Error | null = null;
  stream.on('error', (error) => {
    failure = error;
  });
  return {
    write: async (text) => {
      if (failure) throw failure;
      if (!stream.write(text)) await once(stream, 'drain');
    },
    commit: async () => {
      stream.end();
      await finished(stream);
      await rename(temporary, file);
    },
    discard: async () => {
      stream.destroy();
      await rm(temporary, { force: true });
    },
  };
}

/** Whether both names refer to the same file, links included. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([a, b].map((file) => stat(file, { bigint: true }).catch(() => null)));
  return !!left && !!right && left.dev === right.dev && left.ino === right.ino;
}
