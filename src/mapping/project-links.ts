// Reads the links of a record to the same person in other CRMs.
import type { RecordLink } from '../domain/crm-changes.ts';
import type { Mapping } from './mapping.ts';
import { isKnown, propertiesOf, type RawRecord, sourcesOf } from './project-fields.ts';
import { unknownTexts } from './values/unknown-texts.ts';

/** A longer text is the ID of no record, and more than a database index can hold. */
const MAX_ID_LENGTH = 200;

/** Returns at most one link per rule. */
export function projectLinks({ links = [], ...mapping }: Mapping, raw: RawRecord): readonly RecordLink[] {
  const unknown = unknownTexts(mapping);
  return links.flatMap((rule): RecordLink[] => {
    const values = sourcesOf(rule).map(({ object, property }) => raw[object]?.[property]);
    // "N/A" is the id of no record; two contacts with it are not one person.
    const value = values.find((each) => isKnown(each) && unknown(String(each)) === null);
    const id = String(value ?? '').trim();
    return id === '' || id.length > MAX_ID_LENGTH ? [] : [{ crm: rule.crm, object: rule.object, id }];
  });
}

/** The properties of one CRM object that the link rules read, without duplicates. */
export function linkProperties({ links = [] }: Mapping, object: string): readonly string[] {
  return propertiesOf(links, object);
}
