// The people of the demo: who is active in the simulation, and who is in both CRMs.
import type { Dataset } from '../../sandbox/dataset/dataset.ts';
import type { HubSpotSandbox } from '../../sandbox/hubspot/start.ts';
import type { SalesforceSandbox } from '../../sandbox/salesforce/start.ts';
import type { Product } from '../product/open-product.ts';
import type { DisplayRecord } from './display-record.ts';
import type { Actor } from './simulated-days.ts';

export interface PersonInBoth {
  readonly hubspot: DisplayRecord;
  readonly salesforce: DisplayRecord;
}

/** The product with its CRMs and the people in them. */
export interface DemoCrms {
  readonly product: Product;
  readonly dataset: Dataset;
  readonly hubspot: HubSpotSandbox;
  readonly salesforce: SalesforceSandbox;
}

/** Only people with an e-mail address: submitting a form needs one. */
export function findActors({ dataset, hubspot, salesforce }: DemoCrms): readonly Actor[] {
  return dataset.people.flatMap(({ key, email }) => {
    const contactId = hubspot.contactIds.get(key);
    if (email === null || contactId === undefined) return [];
    return [{ contactId, personId: findPerson(salesforce, key) }];
  });
}

/** Only people with an e-mail address: it is what connects the records of the two CRMs. */
export function findPeopleInBoth(
  { dataset, hubspot, salesforce }: DemoCrms,
  contacts: readonly DisplayRecord[],
  people: readonly DisplayRecord[],
): readonly PersonInBoth[] {
  const contactsById = new Map(contacts.map((contact) => [contact.id, contact]));
  const peopleById = new Map(people.map((person) => [person.id, person]));
  return dataset.people.flatMap(({ key, email }) => {
    const contact = contactsById.get(hubspot.contactIds.get(key) ?? '');
    const person = peopleById.get(findPerson(salesforce, key) ?? '');
    if (email === null || contact === undefined || person === undefined) return [];
    return [{ hubspot: contact, salesforce: person }];
  });
}

/** The ID of the Contact or Lead, or null. */
function findPerson({ leadIds, contactIds }: SalesforceSandbox, key: string): string | null {
  return contactIds.get(key) ?? leadIds.get(key) ?? null;
}
