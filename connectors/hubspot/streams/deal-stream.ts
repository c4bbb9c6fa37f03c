// The deals as a stream of outcomes: the full sync lists them with their contacts; later syncs
// search for changed ones.

import type { ChangePage, ChangeStream } from '../../../src/crm/connector.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import { readDeals } from '../contacts/deals.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import { type ContactsOf, linkedContacts, listedContacts } from '../objects/linked-contacts.ts';
import { createStageReader, type StageReader } from '../objects/pipeline-stages.ts';
import type { HubSpotParts } from '../parts.ts';
import { listThenSearch } from './list-then-search.ts';
import { type StreamReader, scopeFix } from './stream-reader.ts';

// The contact properties that HubSpot calculates from deals. It is not documented that they change
// the contact's modification time.
const CALCULATED_FROM_DEALS: ReadonlySet<string> = new Set([
  ...['num_associated_deals', 'recent_deal_amount', 'recent_deal_close_date', 'total_revenue'],
]);

export function dealStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const { http } = parts;
  return {
    stream,
    access: {
      probe: { path: http.paths.list('deals'), query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.deals),
      alternative: 'Until then no deals are stored for the review of the model; scores do not need them.',
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

/**
 * The deals as outcomes; also their contacts as dirty, if the mapping reads properties calculated
 * from deals.
 */
export async function changedDeals(
  { http, mapping }: Pick<HubSpotParts, 'http' | 'mapping'>,
  deals: { readonly readStages: StageReader; readonly contactsOf: ContactsOf },
  signal: AbortSignal,
): Promise<Pick<ChangePage, 'outcomes' | 'dirty'>> {
  const outcomes = await readDeals({ http, ...deals }, signal);
  const readsCalculated = mappedProperties(mapping, 'contacts').some((name) => CALCULATED_FROM_DEALS.has(name));
  const contacts = readsCalculated ? new Set([...deals.contactsOf.values()].flat()) : [];
  return { outcomes, dirty: [...contacts].map((id) => ({ ref: contactRef(id) })) };
}
