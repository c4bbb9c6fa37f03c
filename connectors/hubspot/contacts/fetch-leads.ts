// Contacts as they are now, with their company. What HubSpot names as not found is gone; what answers under another id was
// merged; what it says nothing of is neither. One that is gone is merely deleted, or erased.
import type { FetchedLead, RecordRef } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { HubSpotHttpError, isObjectNotFound } from '../http/error-response.ts';
import { type HubSpotObject, objectAnswer } from '../http/responses.ts';
import { batchRead, missingResult } from '../objects/batch-read.ts';
import { chooseCompany, readLinks } from '../objects/object-reads.ts';
import type { HubSpotParts } from '../streams/stream.ts';
import { createCompanyReader } from './company-reader.ts';
import { contactRef, mergedIds } from './contact-mapping.ts';

/**
 * @throws ConnectorError `retry` when HubSpot could not read some of them, or left one out without a word: a live contact must
 *   not be taken for a deleted one
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
  const answers: FetchedLead[] = present.flatMap((id) => {
    const record = found.get(id);
    return record === undefined ? [] : [contacts.toSnapshot(record, companies.get(id) ?? null)];
  });
  const gone: string[] = [];
  for (const id of ids.filter((each) => !found.has(each))) {
    const into = mergedInto(id, records) ?? (missing.has(id) ? null : await askForOne(parts, id, signal));
    if (into === null) gone.push(id);
    else answers.push({ kind: 'merged', ref: contactRef(id), into: contactRef(into) });
  }
  const erased = await erasedAmong(parts, gone, signal);
  answers.push(...gone.map((id) => ({ kind: 'gone' as const, ref: contactRef(id), erased: erased.has(id) })));
  // A merge shows itself at the survivor alone: nobody asks for those that it took over.
  for (const record of records) {
    const into = contactRef(record.id);
    const others = mergedIds(record).filter((id) => id !== record.id && !ids.includes(id));
    answers.push(...others.map((id) => ({ kind: 'merged' as const, ref: contactRef(id), into })));
  }
  return answers;
}

/**
 * Of contacts that are not there, those of which HubSpot says that they are not among the deleted ones either. It shows those
 * for the 90 days in which they can be restored (https://knowledge.hubspot.com/records/restore-deleted-records); one that was
 * deleted for privacy is not among them.
 */
async function erasedAmong(
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

/** The record that lists this id among those it took over; null = none does. */
function mergedInto(id: string, records: readonly HubSpotObject[]): string | null {
  return records.find((record) => mergedIds(record).includes(id))?.id ?? null;
}

/**
 * A batch that went well and yet says nothing of an id (one merged elsewhere, perhaps): only an answer about that id alone can
 * tell. Asking also keeps one such contact from holding up its batch forever.
 * @returns the id of the record that it is now; null = HubSpot says that it does not exist
 * @throws ConnectorError `retry` when it is there after all
 */
async function askForOne({ http }: HubSpotParts, id: string, signal: AbortSignal): Promise<string | null> {
  const path = http.paths.one('contacts', id);
  try {
    const record = await http.call({ what: 'reading a contact', path, answer: objectAnswer }, signal);
    if (record.id !== id) return record.id;
  } catch (error) {
    // A gateway that lost its way answers 404 as well.
    if (error instanceof ConnectorError && error.cause instanceof HubSpotHttpError && error.kind === 'not-found') {
      if (isObjectNotFound(error.cause.body)) return null;
    }
    throw error;
  }
  throw missingResult('contacts');
}
