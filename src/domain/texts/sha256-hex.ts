// The one hash of the product: fingerprints of files and settings, and keys in place of personal
// values.
import { createHash } from 'node:crypto';

/** SHA-256 of the text in UTF-8: 64 lower-case hexadecimal digits. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
