// Whether somebody who asks to come in has the secret.
import { createHash, timingSafeEqual } from 'node:crypto';

/** In constant time, whatever was given: digests are equally long. */
export function secretsEqual(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
