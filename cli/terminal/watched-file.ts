// A file that a command writes: a shutdown signal deletes the temporary file, at whatever instant it arrives.
import { OutputRefused, type ReplacedFile, replaceFile } from '../../src/csv/files/replace-file.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
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

/**
 * The output file of an option.
 * @param replace whether an existing file may be replaced
 * @throws ConfigurationError if it cannot be written
 */
export function openOutput(option: string, path: string, replace: boolean): Promise<ReplacedFile> {
  return openWatchedFile(path, { replace }).catch(refuseOutput(option, path));
}

/** @returns throws what prevents that the file of an option is written, as a ConfigurationError */
export function refuseOutput(option: string, path: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof OutputRefused) throw new ConfigurationError(`${option} ${path} ${error.message}`);
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigurationError(`${option} ${path} cannot be written (${reason}). Check that its folder exists.`);
  };
}
