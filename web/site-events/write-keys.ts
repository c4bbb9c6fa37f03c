// Write keys: one for each source, or several while a key is replaced.
import { secretsEqual } from '../../src/crm/constant-time-equal.ts';

export interface WriteKey {
  /** The name of the source: website, product. */
  readonly source: string;
  readonly key: string;
}

/** @returns the source of a key, or null. Compares with every key, each in constant time */
export function createWriteKeyLookup(keys: readonly WriteKey[]): (given: string) => string | null {
  return (given) => keys.filter(({ key }) => secretsEqual(given, key))[0]?.source ?? null;
}

/**
 * @returns the user name of Basic authentication, or the bearer token; null if the header has
 *   neither
 */
export function parseAuthorization(authorization: string | undefined): string | null {
  const [, scheme = '', value = ''] = /^(Basic|Bearer) +(\S+) *$/i.exec(authorization ?? '') ?? [];
  if (scheme === '') return null;
  if (scheme.toLowerCase() === 'bearer') return value;
  return Buffer.from(value, 'base64').toString('utf8').split(':')[0] ?? '';
}
