// The contacts: read whole at first with their company, then those that changed as `dirty`, with what the search showed.
import type { ChangePage } from '../../../src/crm/connector.ts';
import { createCompanyReader } from '../contacts/company-reader.ts';
import { listedCompany } from '../contacts/contact-mapping.ts';
import type { HubSpotObject } from '../http/responses.ts';
import { STREAM_SCOPES } from '../http/scopes.ts';
import { type HubSpotParts, listThenSearch, type StreamReader, scopeFix } from './stream.ts';

export function contactStream(parts: HubSpotParts): StreamReader {
  const { contacts, http } = parts;
  return {
    stream: { id: 'contacts', activityTypes: [], listsObject: 'contacts' },
    access: {
      probe: { path: http.paths.list('contacts'), query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.contacts),
      needed: true,
    },
    read(cursor, signal) {
      const readCompanies = createCompanyReader(http, contacts.companyProperties);
      const source = {
        id: 'contacts',
        type: 'contacts',
        modifiedProperty: 'lastmodifieddate',
        properties: contacts.contactProperties,
        ...(contacts.usesCompanies ? { associations: 'companies' } : {}),
        fromListed: async (records: readonly HubSpotObject[]): Promise<Partial<ChangePage>> => {
          const companyOf = new Map(records.map((each) => [each.id, listedCompany(each.associations?.companies)]));
          const ids = [...companyOf.values()].filter((id) => id !== null);
          const companies = await readCompanies(ids, signal);
          const leads = records.map((each) => {
            const companyId = companyOf.get(each.id) ?? null;
            return contacts.toSnapshot(each, companyId === null ? null : (companies.get(companyId) ?? null));
          });
          return { leads };
        },
        fromChanged: async (records: readonly HubSpotObject[]): Promise<Partial<ChangePage>> => {
          return { dirty: records.map((each) => contacts.toDirty(each)) };
        },
      };
      return listThenSearch(parts, source, cursor, signal);
    },
  };
}
