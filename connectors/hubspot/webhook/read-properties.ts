// Which properties matter: of an event of any other one nothing that we keep has changed.
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import type { ContactMapping } from '../contacts/contact-mapping.ts';
import { mappedCounters } from '../contacts/counters.ts';

export interface ReadProperties {
  /** Ours, that we write. */
  readonly own: ReadonlySet<string>;
  /** By object; an object that is absent is read whatever property changed. All in lower case, as HubSpot's names are. */
  readonly read: ReadonlyMap<string, ReadonlySet<string>>;
}

export function readProperties(mapping: Mapping, contacts: ContactMapping): ReadProperties {
  const counted = [...mappedCounters(mapping).values()].flatMap(({ latest }) => (latest ? [latest.property] : []));
  // HubSpot's copy of the link to the company whose fields are the contact's.
  const company = contacts.usesCompanies ? ['associatedcompanyid'] : [];
  return {
    own: lowered(writtenFields(mapping).map(({ property }) => property)),
    read: new Map([
      ['contacts', lowered([...contacts.contactProperties, ...counted, ...company])],
      ['companies', lowered(contacts.companyProperties)],
    ]),
  };
}

function lowered(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()));
}
