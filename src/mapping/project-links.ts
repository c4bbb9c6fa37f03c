// What a record says of the same person in other CRMs.
import type { RecordLink } from '../domain/crm-changes.ts';
import type { Mapping } from './mapping.ts';
import { isKnown, propertiesOf, type RawRecord, sourcesOf } from './project-fields.ts';

/** One link at most for each rule. */
export function projectLinks({ links = [] }: Mapping, raw: RawRecord): readonly RecordLink[] {
  return links.flatMap((rule): RecordLink[] => {
    const values = sourcesOf(rule).map(({ object, property }) => raw[object]?.[property]);
    const value = values.find(isKnown);
    return value === undefined ? [] : [{ crm: rule.crm, object: rule.object, id: String(value).trim() }];
  });
}

/** The properties of one CRM object that the links are from, each once. */
export function linkProperties({ links = [] }: Mapping, object: string): readonly string[] {
  return propertiesOf(links, object);
}
