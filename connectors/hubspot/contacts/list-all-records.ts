// Lists all contacts by pages, with their values and those of their companies: one call for 100
// contacts, one for 100 companies. Used to find deleted and merged contacts, and changes that move
// no modification time: of calculated properties and of companies.
import type { RecordListing } from '../../../src/crm/connector.ts';
import { listPage } from '../objects/object-reads.ts';
import type { HubSpotParts } from '../parts.ts';
import { companiesOfListed } from './companies-of-contacts.ts';
import { createCompanyReader } from './company-reader.ts';
import { contactRef, MERGED_IDS, mergedIds } from './contact-mapping.ts';

type ListAllRecords = (after: string | null, signal: AbortSignal) => Promise<RecordListing>;

export function createRecordListing({ http, contacts }: HubSpotParts): ListAllRecords {
  const createReader = () => createCompanyReader(http, contacts.companyProperties);
  let readCompanies = createReader();
  const wanted = {
    type: 'contacts',
    properties: [...new Set([...contacts.contactProperties, MERGED_IDS])],
    ...(contacts.usesCompanies ? { associations: 'companies' } : {}),
  };
  return async (after, signal) => {
    // A new listing reads the companies again.
    if (after === null) readCompanies = createReader();
    const page = await listPage(http, { ...wanted, after }, signal);
    const companies = await companiesOfListed(http, readCompanies, page.records, signal);
    const comparable = page.records.filter(({ id }) => !companies.failed.has(id));
    // Only the survivor of a merge names the contacts that it was made of: their own IDs may no
    // longer exist.
    const merged = page.records.flatMap((record) => {
      const others = mergedIds(record).filter((id) => id !== record.id);
      return others.map((id) => ({ ref: contactRef(id), into: contactRef(record.id) }));
    });
    // A contact of an unexpected shape exists all the same.
    const unexpected = page.unexpected.flatMap(({ id }) => (id === null ? [] : [contactRef(id)]));
    return {
      refs: [...page.records.map(({ id }) => contactRef(id)), ...unexpected],
      current: comparable.map((contact) => contacts.toSnapshot(contact, companies.of.get(contact.id) ?? null)),
      merged,
      after: page.after,
    };
  };
}
