// The properties whose changes matter. A change of any other property changes no stored data.
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import type { ContactMapping } from '../contacts/contact-mapping.ts';
import { mappedCounters } from '../contacts/counters.ts';

/** All names are in lower case, like HubSpot's. */
export interface RelevantProperties {
  /** The properties that Leadgrade writes. */
  readonly own: ReadonlySet<string>;
  /** The properties by object. For an object that is absent, every property matters. */
  readonly byObject: ReadonlyMap<string, ReadonlySet<string>>;
}

export function relevantProperties(mapping: Mapping, contacts: ContactMapping): RelevantProperties {
  const latest = [...mappedCounters(mapping).values()].flatMap((counter) => counter.latest?.property ?? []);
  // HubSpot's copy of the link to the company whose fields belong to the contact.
  const company = contacts.usesCompanies ? ['associatedcompanyid'] : [];
  return {
    own: lowerCase(writtenFields(mapping).map(({ property }) => property)),
    byObject: new Map([
      ['contacts', lowerCase([...contacts.contactProperties, ...latest, ...company])],
      ['companies', lowerCase(contacts.companyProperties)],
    ]),
  };
}

function lowerCase(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}
