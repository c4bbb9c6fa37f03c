// A file that a command writes: a shutdown signal deletes the temporary file, at whatever instant it arrives.
import { type ReplacedFile, replaceFile } from '../../src/csv/files/replace-file.ts';
import { cleanUpOnSignal } from './clean-up-on-signal.ts';

/** As `replaceFile`, until the file is in its place or discarded. */
export async function openWatchedFile(path: string, options: { readonly replace: boolean }): Promise<ReplacedFile> {
  const opening = replaceFile(path, options);
  const stopWatching = cleanUpOnSignal(async () => (await opening).discard());
  const file = await opening.catch((error: unknown) => {
    stopWatching();
    throw error;
  });
  return {
    write: (text) => file.write(text),
    commit: async () => {
      await file.commit();
      stopWatching();
    },
    discard: async () => {
      await file.discard();
      stopWatching();
    },
  };
}
