// Guards the loops that read page after page. A CRM that returns the same page token again would be
// called without end.
import { ConnectorError } from '../../src/crm/connector-error.ts';

/**
 * Checks the token of each next page within one loop.
 * @param start the token at which the loop begins; null = the first page
 * @returns a function that returns the token unchanged; null = the last page
 * @throws ConnectorError `invalid` (from the function) for a token that it was given before
 */
export function pageTokens(
  crm: string,
  what: string,
  start: string | null = null,
): (next: string | null) => string | null {
  const seen = new Set(start === null ? [] : [start]);
  return (next) => {
    if (next === null) return null;
    if (seen.has(next)) {
      throw new ConnectorError({
        kind: 'invalid',
        crm,
        message: `The response names a page that was read before as the next one (${what})`,
        code: 'REPEATED_PAGE',
        fix: 'Leadgrade reads it again later. If it happens again, report it to the support of the CRM.',
      });
    }
    seen.add(next);
    return next;
  };
}
