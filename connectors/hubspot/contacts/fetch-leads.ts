// Reads the current state of contacts, with their company. A contact that HubSpot reports as not
// found is gone. A contact that is returned under another ID was merged. A contact that HubSpot
// cannot return is unreadable, and costs no other contact.
import type { FetchedLead, RecordRef } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { toFailure } from '../../kit/stream-parts.ts';
import { blameOf } from '../http/blame.ts';
import { HubSpotHttpError, isObjectNotFound } from '../http/error-response.ts';
import { type HubSpotObject, objectSchema } from '../http/responses/objects.ts';
import { batchRead, missingResult } from '../objects/batch-read.ts';
import type { HubSpotParts } from '../parts.ts';
import { type ContactCompanies, companiesOfContacts } from './companies-of-contacts.ts';
import { createCompanyReader } from './company-reader.ts';
import { contactRef, mergedIds } from './contact-mapping.ts';

/** @throws ConnectorError of any kind when none of the contacts can be read */
export async function fetchLeads(
  parts: HubSpotParts,
  refs: readonly RecordRef[],
  signal: AbortSignal,
): Promise<readonly FetchedLead[]> {
  const { http, contacts } = parts;
  const ids = [...new Set(refs.map((ref) => ref.id))];
  const request = { type: 'contacts', ids, properties: contacts.contactProperties };
  const { records, missing, failed } = await batchRead(http, request, signal);
  const found = new Map(records.map((record) => [record.id, record]));
  const companies = await companiesOf(
    parts,
    ids.filter((id) => found.has(id)),
    signal,
  );
  const leads: FetchedLead[] = [];
  const gone: string[] = [];
  for (const id of ids) {
    const record = found.get(id);
    const failure = failed.get(id) ?? companies.failed.get(id);
    if (failure !== undefined) leads.push(unreadable(id, failure));
    else if (record !== undefined) leads.push(contacts.toSnapshot(record, companies.of.get(id) ?? null));
    else {
      const state = await stateOfAbsent(parts, id, { records, missing }, signal);
      if (state === 'gone') gone.push(id);
      else leads.push(state);
    }
  }
  const notRestorable = await findNotRestorable(parts, gone, signal);
  leads.push(...gone.map((id) => ({ kind: 'gone' as const, ref: contactRef(id), erased: notRestorable.has(id) })));
  // Only the survivor reveals a merge: the merged contacts may not have been requested.
  for (const record of records) {
    const into = contactRef(record.id);
    const others = mergedIds(record).filter((id) => id !== record.id && !ids.includes(id));
    leads.push(...others.map((id) => ({ kind: 'merged' as const, ref: contactRef(id), into })));
  }
  return leads;
}

function unreadable(id: string, error: ConnectorError): FetchedLead {
  return { kind: 'unreadable', ref: contactRef(id), failure: toFailure(error) };
}

/**
 * The missing contacts that are not among the deleted ones either. HubSpot returns a deleted
 * contact for the 90 days in which it can be restored
 * (https://knowledge.hubspot.com/records/restore-deleted-records), but neither one that was deleted
 * for privacy nor one that was merged into a new contact.
 */
async function findNotRestorable(
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
): Promise<ContactCompanies> {
  if (!contacts.usesCompanies) return { of: new Map(), failed: new Map() };
  return await companiesOfContacts(http, createCompanyReader(http, contacts.companyProperties), ids, signal);
}

interface BatchResponse {
  readonly records: readonly HubSpotObject[];
  readonly missing: ReadonlySet<string>;
}

/** The state of a contact that the batch did not return. */
async function stateOfAbsent(
  parts: HubSpotParts,
  id: string,
  { records, missing }: BatchResponse,
  signal: AbortSignal,
): Promise<FetchedLead | 'gone'> {
  const merged = (into: string): FetchedLead => ({ kind: 'merged', ref: contactRef(id), into: contactRef(into) });
  const survivor = records.find((record) => mergedIds(record).includes(id));
  if (survivor !== undefined) return merged(survivor.id);
  if (missing.has(id)) return 'gone';
  try {
    const into = await currentId(parts, id, signal);
    return into === null ? 'gone' : merged(into);
  } catch (error) {
    const isOfContact = error instanceof ConnectorError && (error.kind === 'not-found' || error.code === 'NO_RESULT');
    if (error instanceof ConnectorError && (isOfContact || blameOf(error) === 'items')) return unreadable(id, error);
    throw error;
  }
}

/**
 * Reads one contact alone, because a successful batch returned nothing for its ID (it may have been
 * merged).
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
