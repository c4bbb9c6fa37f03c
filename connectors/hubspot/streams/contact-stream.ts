// The contacts: the full sync reads them with their companies; an incremental sync yields changed
// contacts as dirty records, with the current values from the search.
import type { ChangePage } from '../../../src/crm/connector.ts';
import { createCompanyReader } from '../contacts/company-reader.ts';
import { listedCompany } from '../contacts/contact-mapping.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import type { HubSpotParts } from '../parts.ts';
import { listThenSearch } from './list-then-search.ts';
import { type StreamReader, scopeFix } from './stream-reader.ts';

/** @param companyReader creates the reader of companies for one reading of the stream */
export function contactStream(
  parts: HubSpotParts,
  companyReader = () => createCompanyReader(parts.http, parts.contacts.companyProperties),
): StreamReader {
  const { contacts, http } = parts;
  return {
    stream: { id: 'contacts', activityTypes: [], listsObject: 'contacts' },
    access: {
      probe: { path: http.paths.list('contacts'), query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.contacts),
      isRequired: true,
    },
    read(cursor, signal) {
      const readCompanies = companyReader();
      const source = {
        id: 'contacts',
        type: 'contacts',
        modifiedProperty: 'lastmodifieddate',
        properties: contacts.contactProperties,
        ...(contacts.usesCompanies ? { associations: 'companies' } : {}),
        fromListed: async (records: readonly HubSpotObject[]): Promise<Partial<ChangePage>> => {
          const companyOf = new Map(
            records.map(({ id, associations }) => [id, listedCompany(associations?.companies)]),
          );
          const ids = [...companyOf.values()].filter((id) => id !== null);
          const companies = await readCompanies(ids, signal);
          const leads = records.map((contact) => {
            const companyId = companyOf.get(contact.id) ?? null;
            return contacts.toSnapshot(contact, companyId === null ? null : (companies.get(companyId) ?? null));
          });
          return { leads };
        },
        fromChanged: async (records: readonly HubSpotObject[]): Promise<Partial<ChangePage>> => {
          return { dirty: records.map((contact) => contacts.toDirty(contact)) };
        },
      };
      return listThenSearch(parts, source, cursor, signal);
    },
  };
}
