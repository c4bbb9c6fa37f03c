// Contacts as they are now, with their company. What does not answer is gone; what answers under another id was merged.
import type { FetchedLead, RecordRef } from '../connector.ts';
import { ConnectorError } from '../connector-error.ts';
import { type HubSpotObject, objectAnswer } from './answers.ts';
import { createCompanyReader } from './company-reader.ts';
import { contactRef, mergedIds } from './contact-projection.ts';
import { batchRead, chooseCompany, readLinks } from './object-reads.ts';
import type { HubSpotParts } from './stream.ts';

export async function fetchLeads(
  parts: HubSpotParts,
  refs: readonly RecordRef[],
  signal: AbortSignal,
): Promise<readonly FetchedLead[]> {
  const { http, contacts } = parts;
  const ids = [...new Set(refs.map((ref) => ref.id))];
  const records = await batchRead(http, { type: 'contacts', ids, properties: contacts.contactProperties }, signal);
  const found = new Map(records.map((record) => [record.id, record]));
  const present = ids.filter((id) => found.has(id));
  const companies = await companiesOf(parts, present, signal);
  const answers: FetchedLead[] = present.flatMap((id) => {
    const record = found.get(id);
    return record === undefined ? [] : [contacts.toSnapshot(record, companies.get(id) ?? null)];
  });
  for (const id of ids.filter((each) => !found.has(each))) {
    const into = mergedInto(id, records) ?? (await askForOne(parts, id, records, ids, signal));
    const ref = contactRef(id);
    answers.push(into === null ? { kind: 'gone', ref } : { kind: 'merged', ref, into: contactRef(into) });
  }
  // A merge shows itself at the survivor alone: nobody asks for those that it took over.
  for (const record of records) {
    const into = contactRef(record.id);
    const others = mergedIds(record).filter((id) => id !== record.id && !ids.includes(id));
    answers.push(...others.map((id) => ({ kind: 'merged' as const, ref: contactRef(id), into })));
  }
  return answers;
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

/** An answer under an id that nobody asked for: a single read tells whose it is. Without one, the id is simply gone. */
async function askForOne(
  { http }: HubSpotParts,
  id: string,
  records: readonly HubSpotObject[],
  asked: readonly string[],
  signal: AbortSignal,
): Promise<string | null> {
  if (records.every((record) => asked.includes(record.id))) return null;
  try {
    const path = http.paths.one('contacts', id);
    const record = await http.call({ what: 'reading a contact', path, answer: objectAnswer }, signal);
    return record.id === id ? null : record.id;
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'not-found') return null;
    throw error;
  }
}
