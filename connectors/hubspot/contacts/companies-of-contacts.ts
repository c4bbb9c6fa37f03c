// The company of each contact: the primary one of all that the contact is linked to.
import type { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotObject, ListedLinks } from '../http/responses/objects.ts';
import { chooseCompany, readLinks } from '../objects/links.ts';
import type { CompanyReader } from './company-reader.ts';

export interface ContactCompanies {
  /** By the ID of the contact; null = no company. */
  readonly of: ReadonlyMap<string, HubSpotObject | null>;
  /** The contacts whose company could not be determined or read, by ID; they are absent in `of`. */
  readonly failed: ReadonlyMap<string, ConnectorError>;
}

export async function companiesOfContacts(
  http: HubSpotHttp,
  readCompanies: CompanyReader,
  contactIds: readonly string[],
  signal: AbortSignal,
): Promise<ContactCompanies> {
  const links = await readLinks(http, { from: 'contacts', to: 'companies', ids: contactIds }, signal);
  const chosen = contactIds
    .filter((id) => !links.failed.has(id))
    .map((id) => [id, chooseCompany(links.of.get(id))] as const);
  return await readChosen(readCompanies, chosen, links.failed, signal);
}

/**
 * As `companiesOfContacts`, for contacts that were listed with `associations=companies`. A list
 * names a link by its label and returns the first 100, so the links of a contact with several
 * companies are read.
 */
export async function companiesOfListed(
  http: HubSpotHttp,
  readCompanies: CompanyReader,
  contacts: readonly HubSpotObject[],
  signal: AbortSignal,
): Promise<ContactCompanies> {
  const listed = contacts.map(({ id, associations }) => ({ id, company: onlyCompany(associations?.companies) }));
  const several = listed.filter(({ company }) => company === undefined).map(({ id }) => id);
  const chosen = listed.flatMap(({ id, company }) => (company === undefined ? [] : [[id, company] as const]));
  const one = await readChosen(readCompanies, chosen, new Map(), signal);
  if (several.length === 0) return one;
  const others = await companiesOfContacts(http, readCompanies, several, signal);
  return { of: new Map([...one.of, ...others.of]), failed: new Map([...one.failed, ...others.failed]) };
}

/** Null = none; undefined = more than one. */
function onlyCompany(links: ListedLinks | undefined): string | null | undefined {
  const ids = new Set((links?.results ?? []).map(({ id }) => id));
  if (ids.size > 1 || (links?.paging ?? null) !== null) return undefined;
  return [...ids][0] ?? null;
}

async function readChosen(
  readCompanies: CompanyReader,
  chosen: readonly (readonly [contactId: string, companyId: string | null])[],
  linksFailed: ReadonlyMap<string, ConnectorError>,
  signal: AbortSignal,
): Promise<ContactCompanies> {
  const wanted = chosen.map(([, company]) => company).filter((id) => id !== null);
  const companies = await readCompanies(wanted, signal);
  const failed = new Map(linksFailed);
  const of = new Map<string, HubSpotObject | null>();
  for (const [contact, company] of chosen) {
    const failure = company === null ? undefined : companies.failed.get(company);
    if (failure !== undefined) failed.set(contact, failure);
    else of.set(contact, company === null ? null : (companies.of.get(company) ?? null));
  }
  return { of, failed };
}
