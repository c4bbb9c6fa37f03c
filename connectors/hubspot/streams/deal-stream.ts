// The deals as a stream of outcomes: listed whole with their contacts, then those that changed.

import type { ChangePage, ChangeStream } from '../../../src/crm/connector.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import { readDeals } from '../contacts/deals.ts';
import type { HubSpotObject } from '../http/responses.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import { type ContactsOf, linkedContacts, listedContacts } from '../objects/linked-contacts.ts';
import { createStageReader, type StageReader } from '../objects/pipeline-stages.ts';
import { type HubSpotParts, listThenSearch, type StreamReader, scopeFix } from './stream.ts';

// What HubSpot counts of a contact's deals. It is not said to move the contact's modification time.
const COUNTED_ON_CONTACTS: ReadonlySet<string> = new Set([
  ...['num_associated_deals', 'recent_deal_amount', 'recent_deal_close_date', 'total_revenue'],
]);

export function dealStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const { http } = parts;
  return {
    stream,
    access: {
      probe: { path: http.paths.list('deals'), query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.deals),
      otherwise: 'Until then no deals are kept for the review of the model; scores do not need them.',
    },
    read(cursor, signal) {
      const readStages = createStageReader(http);
      const source = {
        id: stream.id,
        type: 'deals',
        modifiedProperty: 'hs_lastmodifieddate',
        properties: ['dealstage'],
        associations: 'contacts',
        fromListed: async (records: readonly HubSpotObject[]): Promise<Partial<ChangePage>> => {
          const contactsOf = await listedContacts(http, 'deals', records, signal);
          return { outcomes: await readDeals({ http, readStages, contactsOf }, signal) };
        },
        fromChanged: async (records: readonly HubSpotObject[]): Promise<Partial<ChangePage>> => {
          const ids = records.map(({ id }) => id);
          const contactsOf = await linkedContacts(http, 'deals', ids, signal);
          return changedDeals(parts, { readStages, contactsOf }, signal);
        },
      };
      return listThenSearch(parts, source, cursor, signal);
    },
  };
}

/** The deals as outcomes, and their contacts where the mapping reads what HubSpot counts of deals on them. */
export async function changedDeals(
  { http, mapping }: Pick<HubSpotParts, 'http' | 'mapping'>,
  deals: { readonly readStages: StageReader; readonly contactsOf: ContactsOf },
  signal: AbortSignal,
): Promise<Pick<ChangePage, 'outcomes' | 'dirty'>> {
  const outcomes = await readDeals({ http, ...deals }, signal);
  const isCountedMapped = mappedProperties(mapping, 'contacts').some((name) => COUNTED_ON_CONTACTS.has(name));
  const contacts = isCountedMapped ? new Set([...deals.contactsOf.values()].flat()) : [];
  return { outcomes, dirty: [...contacts].map((id) => ({ ref: contactRef(id) })) };
}
