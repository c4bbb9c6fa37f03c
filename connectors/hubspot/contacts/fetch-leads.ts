// Reads the current state of contacts, with their company. A contact that HubSpot reports as not
// found is gone: deleted or erased. A contact that is returned under another ID was merged. A
// contact for which HubSpot returns nothing is neither.
import type { FetchedLead, RecordRef } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { HubSpotHttpError, isObjectNotFound } from '../http/error-response.ts';
import { type HubSpotObject, objectSchema } from '../http/responses/objects.ts';
import { batchRead, missingResult } from '../objects/batch-read.ts';
import { chooseCompany, readLinks } from '../objects/object-reads.ts';
import type { HubSpotParts } from '../parts.ts';
import { createCompanyReader } from './company-reader.ts';
import { contactRef, mergedIds } from './contact-mapping.ts';

/**
 * @throws ConnectorError `retry` when HubSpot could not read some of them, or returns neither a
 *   contact nor an error for it: an existing contact must not be mistaken for a deleted one
 */
export async function fetchLeads(
  parts: HubSpotParts,
  refs: readonly RecordRef[],
  signal: AbortSignal,
): Promise<readonly FetchedLead[]> {
  const { http, contacts } = parts;
  const ids = [...new Set(refs.map((ref) => ref.id))];
  const request = { type: 'contacts', ids, properties: contacts.contactProperties };
  const { records, missing } = await batchRead(http, request, signal);
  const found = new Map(records.map((record) => [record.id, record]));
  const present = ids.filter((id) => found.has(id));
  const companies = await companiesOf(parts, present, signal);
  const leads: FetchedLead[] = present.flatMap((id) => {
    const record = found.get(id);
    return record === undefined ? [] : [contacts.toSnapshot(record, companies.get(id) ?? null)];
  });
  const gone: string[] = [];
  for (const id of ids.filter((requested) => !found.has(requested))) {
    const into = mergedInto(id, records) ?? (missing.has(id) ? null : await currentId(parts, id, signal));
    if (into === null) gone.push(id);
    else leads.push({ kind: 'merged', ref: contactRef(id), into: contactRef(into) });
  }
  const erased = await findErased(parts, gone, signal);
  leads.push(...gone.map((id) => ({ kind: 'gone' as const, ref: contactRef(id), erased: erased.has(id) })));
  // Only the survivor reveals a merge: the merged contacts may not have been requested.
  for (const record of records) {
    const into = contactRef(record.id);
    const others = mergedIds(record).filter((id) => id !== record.id && !ids.includes(id));
    leads.push(...others.map((id) => ({ kind: 'merged' as const, ref: contactRef(id), into })));
  }
  return leads;
}

/**
 * The missing contacts that are not among the deleted ones either. HubSpot returns a deleted
 * contact for the 90 days in which it can be restored
 * (https://knowledge.hubspot.com/records/restore-deleted-records), but never one that was deleted
 * for privacy.
 */
async function findErased(
  { http }: HubSpotParts,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const request = { type: 'contacts', ids, properties: ['hs_object_id'], archived: true as const };
  return (await batchRead(http, request, signal)).missing;
}

async function companiesOf(
  { http, contacts }: HubSpotParts,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, HubSpotObject | null>> {
  if (!contacts.usesCompanies) return new Map();
  const links = await readLinks(http, { from: 'contacts', to: 'companies', ids }, signal);
  const chosen = new Map(ids.map((id) => [id, chooseCompany(links.get(id))]));
  const wanted = [...chosen.values()].filter((id) => id !== null);
  const companies = await createCompanyReader(http, contacts.companyProperties)(wanted, signal);
  return new Map([...chosen].map(([id, company]) => [id, company === null ? null : (companies.get(company) ?? null)]));
}

/** The ID of the record that this ID was merged into; null = none of the records. */
function mergedInto(id: string, records: readonly HubSpotObject[]): string | null {
  return records.find((record) => mergedIds(record).includes(id))?.id ?? null;
}

/**
 * Reads one contact alone, because a successful batch returned nothing for its ID (it may have been
 * merged). Otherwise one such contact would block its batch forever.
 * @returns the ID of its survivor; null = the contact does not exist
 * @throws ConnectorError `retry` when the contact exists after all
 */
async function currentId({ http }: HubSpotParts, id: string, signal: AbortSignal): Promise<string | null> {
  const path = http.paths.one('contacts', id);
  try {
    const record = await http.call({ what: 'reading a contact', path, responseSchema: objectSchema }, signal);
    if (record.id !== id) return record.id;
  } catch (error) {
    // A misrouted gateway responds 404 as well; only HubSpot's own error proves that the contact
    // does not exist.
    if (error instanceof ConnectorError && error.cause instanceof HubSpotHttpError && error.kind === 'not-found') {
      if (isObjectNotFound(error.cause.body)) return null;
    }
    throw error;
  }
  throw missingResult('contacts');
}
