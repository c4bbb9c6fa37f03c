// The contacts: the full sync reads them with their companies; an incremental sync yields changed
// contacts as dirty records, with the current values from the search.
import { companiesOfListed } from '../contacts/companies-of-contacts.ts';
import { createCompanyReader } from '../contacts/company-reader.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import type { HubSpotParts } from '../parts.ts';
import { listThenSearch } from './list-then-search.ts';
import type { Content } from './object-parts.ts';
import { type StreamReader, scopeFix } from './stream-reader.ts';

export function contactStream(parts: HubSpotParts): StreamReader {
  const { contacts, http } = parts;
  return {
    stream: { id: 'contacts', activityTypes: [], listsObject: 'contacts' },
    access: {
      probe: { path: http.paths.list('contacts'), query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.contacts),
      isRequired: true,
    },
    read(cursor, signal, setAside) {
      const readCompanies = createCompanyReader(http, contacts.companyProperties);
      const toDirty = (ids: readonly string[]) => ids.map((id) => ({ ref: contactRef(id) }));
      const source = {
        id: 'contacts',
        kind: 'contact',
        type: 'contacts',
        modifiedProperty: 'lastmodifieddate',
        properties: contacts.contactProperties,
        ...(contacts.usesCompanies ? { associations: 'companies' } : {}),
        fromListed: async (records: readonly HubSpotObject[]): Promise<Content> => {
          const companies = await companiesOfListed(http, readCompanies, records, signal);
          const leads = records
            .filter(({ id }) => !companies.failed.has(id))
            .map((contact) => contacts.toSnapshot(contact, companies.of.get(contact.id) ?? null));
          return { leads, dirty: toDirty([...companies.failed.keys()]) };
        },
        fromChanged: async (records: readonly HubSpotObject[]): Promise<Content> => {
          return { dirty: records.map((contact) => contacts.toDirty(contact)) };
        },
        // The refresh of records reads them one by one if needed, and tells which are unreadable.
        readByIds: async (ids: readonly string[]): Promise<Content> => ({ dirty: toDirty(ids) }),
      };
      return listThenSearch(parts, source, cursor, signal, setAside);
    },
  };
}
