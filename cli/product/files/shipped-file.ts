// Where the files of `mappings/` are.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The file of that path in the working directory; if it does not exist, the file of that path in
 * the package.
 */
export function shippedFile(path: string): string {
  const shipped = join(import.meta.dirname, '../../..', path);
  return !existsSync(path) && existsSync(shipped) ? shipped : path;
}
