// One type of engagement as a stream: listed whole with its contacts, then by search with its contacts by batch.
import type { ChangePage, ChangeStream } from '../../../src/crm/connector.ts';
import { engagementProperties, toContactActivities } from '../contacts/engagements.ts';
import type { HubSpotObject } from '../http/responses.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import { type ContactsOf, linkedContacts, listedContacts } from '../objects/linked-contacts.ts';
import { type HubSpotParts, listThenSearch, type StreamReader, scopeFix } from './stream.ts';

export function engagementStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const { http } = parts;
  const type = stream.id;
  const changes = (records: readonly HubSpotObject[], contactsOf: ContactsOf) => {
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
          // Nothing can be gone that was never shown: what a whole pass leaves out is dropped at its end.
          return { activities: changes(records, await listedContacts(http, type, records, signal)).activities };
        },
        fromChanged: async (records: readonly HubSpotObject[]): Promise<Partial<ChangePage>> => {
          const ids = records.map(({ id }) => id);
          return changes(records, await linkedContacts(http, type, ids, signal));
        },
      };
      return listThenSearch(parts, source, cursor, signal);
    },
  };
}
