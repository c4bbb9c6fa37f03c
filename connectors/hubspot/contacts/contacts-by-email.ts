// Finds contacts by e-mail address, 100 addresses per call: a form submission names an address, not
// a contact.

import type { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { batchRead } from '../objects/batch-read.ts';
import { EMAIL_PROPERTIES, emailsOf } from './contact-mapping.ts';

const MAX_CACHED = 10_000;

/**
 * Contact IDs by lower-case address, primary or secondary; an address without a contact is absent.
 * Found contacts are cached.
 * @throws ConnectorError when the contact of an address could not be read, other than because there
 *   is none
 */
export type ContactsByEmail = (emails: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, string>>;

/**
 * HubSpot refuses a text that is not an address: no contact has it. If it refuses several and reads
 * none, the call itself is refused.
 */
function isNoAddress({ kind, code }: ConnectorError, areOthersRead: boolean, count: number): boolean {
  return kind === 'invalid' && code !== 'UNEXPECTED_RESPONSE' && (areOthersRead || count === 1);
}

export function createContactsByEmail(http: HubSpotHttp): ContactsByEmail {
  const cache = new Map<string, string>();
  return async (emails, signal) => {
    const uncached = [...new Set(emails)].filter((email) => !cache.has(email));
    const request = { type: 'contacts', ids: uncached, properties: EMAIL_PROPERTIES, idProperty: 'email' };
    const { records, failed } = await batchRead(http, request, signal);
    const failure = [...failed.values()].find(
      (error) => !isNoAddress(error, uncached.length > failed.size, uncached.length),
    );
    if (failure !== undefined) throw failure;
    // HubSpot returns the contact of a secondary address too, and does not say which address of the
    // request it belongs to.
    const found = new Map(records.flatMap((contact) => emailsOf(contact).map((email) => [email, contact.id] as const)));
    const result = new Map(
      emails.flatMap((email) => {
        const id = found.get(email) ?? cache.get(email);
        return id === undefined ? [] : [[email, id] as const];
      }),
    );
    if (cache.size > MAX_CACHED) cache.clear();
    for (const [email, id] of found) cache.set(email, id);
    return result;
  };
}
