// Lists all contacts by pages, with their values and those of their companies, as the full sync of
// contacts does: one call for 100 contacts, one for 100 companies. Used to find deleted contacts, and
// changes that move no modification time: of calculated properties and of companies.
import type { RecordListing } from '../../../src/crm/connector.ts';
import type { HubSpotParts } from '../parts.ts';
import { contactStream } from '../streams/contact-stream.ts';
import { type CompanyReader, createCompanyReader } from './company-reader.ts';

type ListAllRecords = (after: string | null, signal: AbortSignal) => Promise<RecordListing>;

export function createRecordListing(parts: HubSpotParts): ListAllRecords {
  const createReader = (): CompanyReader => createCompanyReader(parts.http, parts.contacts.companyProperties);
  let readCompanies = createReader();
  return async (after, signal) => {
    // A new listing reads the companies again.
    if (after === null) readCompanies = createReader();
    const position = { phase: 'list', after, isComplete: false, startedAt: 0 };
    for await (const { leads, cursor } of contactStream(parts, () => readCompanies).read(position, signal)) {
      const next = typeof cursor.after === 'string' ? cursor.after : null;
      return { refs: leads.map(({ ref }) => ref), current: leads, after: next };
    }
    return { refs: [], after: null };
  };
}
