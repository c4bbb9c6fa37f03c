// One type of engagement as a stream: the full sync lists the engagements with their contacts;
// later syncs search for changed ones and read their contacts in batches.
import type { ChangeStream } from '../../../src/crm/connector.ts';
import { ENGAGEMENTS, engagementProperties, toContactActivities } from '../contacts/engagements.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import { type LinkedContacts, linkedContacts, listedContacts } from '../objects/linked-contacts.ts';
import type { HubSpotParts } from '../parts.ts';
import { listThenSearch } from './list-then-search.ts';
import { type Content, failedObjects } from './object-parts.ts';
import { readItems } from './read-items.ts';
import { type StreamReader, scopeFix } from './stream-reader.ts';

export function engagementStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const { http } = parts;
  const type = stream.id;
  const kind = ENGAGEMENTS[type] ?? type;
  const toChanges = (records: readonly HubSpotObject[], contacts: LinkedContacts): Content => {
    const readable = records.filter(({ id }) => !contacts.failed.has(id));
    const items = readable.map((object) => ({ object, contacts: contacts.of.get(object.id) ?? [] }));
    const { undated, ...content } = toContactActivities(parts, type, items);
    return { ...content, failed: failedObjects(kind, new Map([...contacts.failed, ...undated])) };
  };
  return {
    stream,
    access: {
      probe: { path: http.paths.list(type), query: { limit: '1' } },
      fix: scopeFix(type === 'emails' ? STREAM_SCOPES.emails : STREAM_SCOPES.contacts),
    },
    read(cursor, signal, setAside) {
      const source = {
        id: type,
        kind,
        type,
        modifiedProperty: 'hs_lastmodifieddate',
        properties: engagementProperties(parts.mapping, type),
        associations: 'contacts',
        fromListed: async (records: readonly HubSpotObject[]): Promise<Content> => {
          const { gone: _, ...content } = toChanges(records, await listedContacts(http, type, records, signal));
          // The end of a full sync tombstones all activities that it did not list.
          return content;
        },
        fromChanged: async (records: readonly HubSpotObject[]): Promise<Content> => {
          const ids = records.map(({ id }) => id);
          return toChanges(records, await linkedContacts(http, type, ids, signal));
        },
        readByIds: (ids: readonly string[]) => readItems(parts, type, ids, signal),
      };
      return listThenSearch(parts, source, cursor, signal, setAside);
    },
  };
}
