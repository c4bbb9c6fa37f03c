// Finds contacts by e-mail address, 100 addresses per call: a form submission names an address, not
// a contact.

import type { HubSpotHttp } from '../http/client.ts';
import { batchRead } from '../objects/batch-read.ts';

const MAX_CACHED = 10_000;

/**
 * Contact IDs by lower-case address; an address without a contact is absent. Found contacts are
 * cached.
 */
export type ContactsByEmail = (emails: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, string>>;

export function createContactsByEmail(http: HubSpotHttp): ContactsByEmail {
  const cache = new Map<string, string>();
  return async (emails, signal) => {
    const uncached = [...new Set(emails)].filter((email) => !cache.has(email));
    const properties = ['email', 'hs_additional_emails'];
    const request = { type: 'contacts', ids: uncached, properties, idProperty: 'email' };
    const { records } = await batchRead(http, request, signal);
    const found = new Map<string, string>();
    for (const contact of records) {
      // A submission may name a secondary address of the contact.
      const addresses = [contact.properties.email, ...(contact.properties.hs_additional_emails ?? '').split(';')];
      for (const email of addresses) {
        if (email !== null && email !== undefined && email !== '') found.set(email.trim().toLowerCase(), contact.id);
      }
    }
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
