// Who may tell us things: each source has a key of its own, or several while one replaces another.
import { secretsEqual } from '../../src/crm/constant-time-equal.ts';

export interface WriteKey {
  /** What the source is called: website, product. */
  readonly source: string;
  readonly key: string;
}

/** Gives the source of a key; null = nobody's. All keys are tried, each in constant time. */
export function createWriteKeyLookup(keys: readonly WriteKey[]): (given: string) => string | null {
  return (given) => keys.filter(({ key }) => secretsEqual(given, key))[0]?.source ?? null;
}

/** The user name of Basic authentication, or a bearer token; null = the header has neither. */
export function parseAuthorization(authorization: string | undefined): string | null {
  const [, scheme = '', value = ''] = /^(Basic|Bearer) +(\S+) *$/i.exec(authorization ?? '') ?? [];
  if (scheme === '') return null;
  if (scheme.toLowerCase() === 'bearer') return value;
  return Buffer.from(value, 'base64').toString('utf8').split(':')[0] ?? '';
}
