// Writes a file whole or not at all: under another name beside it, renamed at the end.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';

export interface ReplacedFile {
  /** Resolves when more may be written, so that a slow disk holds the reader back. */
  write(text: string): Promise<void>;
  /** Gives the file its name, over what stood there. */
  keep(): Promise<void>;
  /** Leaves what stood there. */
  discard(): Promise<void>;
}

/** @throws an error with the system's `code` when the folder cannot be written to, or `file` is one itself */
export async function replaceFile(file: string): Promise<ReplacedFile> {
  // Told now, not by the rename at the end.
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
    keep: async () => {
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

/** Whether both names lead to one file, by whatever link. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([a, b].map((file) => stat(file, { bigint: true }).catch(() => null)));
  return !!left && !!right && left.dev === right.dev && left.ino === right.ino;
}
