// The deals as a stream of outcomes: listed whole with their contacts, then those that changed.
import { mappedProperties } from '../../src/mapping/project-fields.ts';
import type { ChangePage, ChangeStream } from '../connector.ts';
import type { HubSpotObject } from './answers.ts';
import { contactRef } from './contact-projection.ts';
import { readDeals } from './deals.ts';
import { linkedContacts, listedContacts } from './linked-contacts.ts';
import { createStageReader } from './pipeline-stages.ts';
import { type HubSpotParts, listThenSearch, type StreamReader, scopeFix } from './stream.ts';

// What HubSpot counts of a contact's deals. It is not said to move the contact's modification time.
const COUNTED_ON_CONTACTS: ReadonlySet<string> = new Set([
  ...['num_associated_deals', 'recent_deal_amount', 'recent_deal_close_date', 'total_revenue'],
]);

export function dealStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const { http, mapping } = parts;
  const isCountedMapped = mappedProperties(mapping, 'contacts').some((name) => COUNTED_ON_CONTACTS.has(name));
  return {
    stream,
    access: {
      probe: { path: http.paths.list('deals'), query: { limit: '1' } },
      fix: scopeFix('crm.objects.deals.read'),
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
          const outcomes = await readDeals({ http, readStages, contactsOf }, signal);
          const contacts = isCountedMapped ? new Set([...contactsOf.values()].flat()) : [];
          return { outcomes, dirty: [...contacts].map((id) => ({ ref: contactRef(id) })) };
        },
      };
      return listThenSearch(parts, source, cursor, signal);
    },
  };
}
