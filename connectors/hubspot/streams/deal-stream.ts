// The deals as a stream of outcomes: the full sync lists them with their contacts; later syncs
// search for changed ones.

import type { ChangeStream } from '../../../src/crm/connector.ts';
import { readDeals } from '../contacts/deals.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import { linkedContacts, listedContacts } from '../objects/linked-contacts.ts';
import { createStageReader } from '../objects/pipeline-stages.ts';
import type { HubSpotParts } from '../parts.ts';
import { changedDeals } from './changed-deals.ts';
import { listThenSearch } from './list-then-search.ts';
import { type Content, failedObjects } from './object-parts.ts';
import { readItems } from './read-items.ts';
import { type StreamReader, scopeFix } from './stream-reader.ts';

export function dealStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const { http } = parts;
  return {
    stream,
    access: {
      probe: { path: http.paths.list('deals'), query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.deals),
      alternative: 'Until then no deals are stored for the review of the model; scores do not need them.',
    },
    read(cursor, signal, setAside) {
      const readStages = createStageReader(http);
      const source = {
        id: stream.id,
        kind: 'deal',
        type: 'deals',
        modifiedProperty: 'hs_lastmodifieddate',
        properties: ['dealstage'],
        associations: 'contacts',
        fromListed: async (records: readonly HubSpotObject[]): Promise<Content> => {
          const contacts = await listedContacts(http, 'deals', records, signal);
          const { outcomes, failed } = await readDeals({ http, readStages, contactsOf: contacts.of }, signal);
          return { outcomes, failed: failedObjects('deal', new Map([...contacts.failed, ...failed])) };
        },
        fromChanged: async (records: readonly HubSpotObject[]): Promise<Content> => {
          const ids = records.map(({ id }) => id);
          const contacts = await linkedContacts(http, 'deals', ids, signal);
          return changedDeals(parts, { readStages, contacts }, signal);
        },
        readByIds: (ids: readonly string[]) => readItems(parts, stream.id, ids, signal),
      };
      return listThenSearch(parts, source, cursor, signal, setAside);
    },
  };
}
