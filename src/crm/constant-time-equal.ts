// Compares secrets without leaking, by the time it takes, how many characters are right.
import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares digests, which have equal lengths: the duration depends on neither text. */
export function secretsEqual(given: string, secret: string): boolean {
  return timingSafeEqual(sha256(given), sha256(secret));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
