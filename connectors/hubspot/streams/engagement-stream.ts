// One type of engagement as a stream: the full sync lists the engagements with their contacts;
// later syncs search for changed ones and read their contacts in batches.
import type { ChangePage, ChangeStream } from '../../../src/crm/connector.ts';
import { engagementProperties, toContactActivities } from '../contacts/engagements.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import { type ContactsOf, linkedContacts, listedContacts } from '../objects/linked-contacts.ts';
import type { HubSpotParts } from '../parts.ts';
import { listThenSearch } from './list-then-search.ts';
import { type StreamReader, scopeFix } from './stream-reader.ts';

export function engagementStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const { http } = parts;
  const type = stream.id;
  const toChanges = (records: readonly HubSpotObject[], contactsOf: ContactsOf) => {
    const items = records.map((object) => ({ object, contacts: contactsOf.get(object.id) ?? [] }));
    return toContactActivities(parts, type, items);
  };
  return {
    stream,
    access: {
      probe: { path: http.paths.list(type), query: { limit: '1' } },
      fix: scopeFix(type === 'emails' ? STREAM_SCOPES.emails : STREAM_SCOPES.contacts),
    },
    read(cursor, signal) {
      const source = {
        id: type,
        type,
        modifiedProperty: 'hs_lastmodifieddate',
        properties: engagementProperties(parts.mapping, type),
        associations: 'contacts',
        fromListed: async (records: readonly HubSpotObject[]): Promise<Partial<ChangePage>> => {
          // `gone` is left out: the end of a full sync tombstones all activities that it did not
          // list.
          return { activities: toChanges(records, await listedContacts(http, type, records, signal)).activities };
        },
        fromChanged: async (records: readonly HubSpotObject[]): Promise<Partial<ChangePage>> => {
          const ids = records.map(({ id }) => id);
          return toChanges(records, await linkedContacts(http, type, ids, signal));
        },
      };
      return listThenSearch(parts, source, cursor, signal);
    },
  };
}
