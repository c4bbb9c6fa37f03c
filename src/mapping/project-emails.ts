// Reads the e-mail addresses of a record: every property under `contact.email` in the mapping, not
// only the first one with a value.
import type { Mapping } from './mapping.ts';
import { isKnown, type RawRecord, sourcesOf } from './project-fields.ts';

/**
 * The values of all properties of `object`; undefined if the mapping names only one. A property of a
 * related object (`Account.Email__c`) identifies no person.
 */
export function projectEmails({ fields }: Mapping, object: string, raw: RawRecord): readonly string[] | undefined {
  const source = fields['contact.email'];
  const properties = source === undefined ? [] : sourcesOf(source).filter((each) => each.object === object);
  if (properties.length < 2) return undefined;
  const own = properties.filter(({ property }) => !property.includes('.'));
  const values = own.map(({ property }) => raw[object]?.[property]).filter(isKnown);
  return values.map((value) => String(value).trim().toLowerCase());
}
