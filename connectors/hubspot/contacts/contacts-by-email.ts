// Form submissions carry an address, not a contact: finds the contacts, a hundred addresses a call.

import type { HubSpotHttp } from '../http/client.ts';
import { batchRead } from '../objects/batch-read.ts';

const MOST_KEPT = 10_000;

/** Contact ids by lower-case address; an address without a contact is absent. Remembers what one pass has found. */
export type ContactsByEmail = (emails: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, string>>;

export function createContactsByEmail(http: HubSpotHttp): ContactsByEmail {
  const kept = new Map<string, string>();
  return async (emails, signal) => {
    const missing = [...new Set(emails)].filter((email) => !kept.has(email));
    const properties = ['email', 'hs_additional_emails'];
    const asked = { type: 'contacts', ids: missing, properties, idProperty: 'email' };
    const { records } = await batchRead(http, asked, signal);
    const found = new Map<string, string>();
    for (const contact of records) {
      // A submission may carry a contact's second address.
      const own = [contact.properties.email, ...(contact.properties.hs_additional_emails ?? '').split(';')];
      for (const email of own) {
        if (email !== null && email !== undefined && email !== '') found.set(email.trim().toLowerCase(), contact.id);
      }
    }
    const answer = new Map(
      emails.flatMap((email) => {
        const id = found.get(email) ?? kept.get(email);
        return id === undefined ? [] : [[email, id] as const];
      }),
    );
    if (kept.size > MOST_KEPT) kept.clear();
    for (const [email, id] of found) kept.set(email, id);
    return answer;
  };
}
