// One type of engagement as a stream: listed whole with its contacts, then by search with its contacts by batch.
import type { ChangePage, ChangeStream } from '../connector.ts';
import type { HubSpotObject } from './answers.ts';
import { engagementProperties, forContacts } from './engagements.ts';
import { readLinks } from './object-reads.ts';
import { type HubSpotParts, listThenSearch, type StreamReader, scopeFix } from './stream.ts';

export function engagementStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const type = stream.id;
  return {
    stream,
    access: {
      probe: { path: parts.http.paths.list(type), query: { limit: '1' } },
      fix: scopeFix(type === 'emails' ? 'sales-email-read' : 'crm.objects.contacts.read'),
    },
    read(cursor, signal) {
      const source = {
        id: type,
        type,
        modifiedProperty: 'hs_lastmodifieddate',
        properties: engagementProperties(parts.mapping, type),
        associations: 'contacts',
        fromListed: async (records: readonly HubSpotObject[]): Promise<Partial<ChangePage>> => {
          const items = await withListedContacts(parts, type, records, signal);
          // Nothing can be gone that was never shown: what a whole pass leaves out is dropped at its end.
          return { activities: forContacts(parts, type, items).activities };
        },
        fromChanged: async (records: readonly HubSpotObject[]): Promise<Partial<ChangePage>> => {
          const ids = records.map((each) => each.id);
          const links = await readLinks(parts.http, { from: type, to: 'contacts', ids }, signal);
          const items = records.map((object) => {
            return { object, contacts: [...new Set((links.get(object.id) ?? []).map((link) => link.id))] };
          });
          return forContacts(parts, type, items);
        },
      };
      return listThenSearch(parts, source, cursor, signal);
    },
  };
}

/** A list shows the first hundred links of a record (a webinar has more): the others are asked for. */
async function withListedContacts(
  { http }: HubSpotParts,
  type: string,
  records: readonly HubSpotObject[],
  signal: AbortSignal,
): Promise<{ object: HubSpotObject; contacts: readonly string[] }[]> {
  const ids = records.filter(({ associations }) => associations?.contacts?.paging).map(({ id }) => id);
  const all = await readLinks(http, { from: type, to: 'contacts', ids }, signal);
  return records.map((object) => {
    const links: readonly { id: string }[] = all.get(object.id) ?? object.associations?.contacts?.results ?? [];
    return { object, contacts: [...new Set(links.map(({ id }) => id))] };
  });
}
