// Which fields of a mapping cannot be read, given the properties that the CRM does not show. Pure.
import type { UnreadableField } from '../../src/domain/unreadable-field.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { type ObjectProperty, sourcesOf } from '../../src/mapping/project-fields.ts';

export interface HiddenProperty extends ObjectProperty, Pick<UnreadableField, 'reason' | 'fix'> {}

/**
 * @param object the object of the records
 * @param sources the objects whose properties such a record is read with
 * @returns the fields none of whose properties is left. One with another property keeps what that one says
 */
export function fieldsWithoutProperty(
  mapping: Mapping,
  { object, sources }: { readonly object: string; readonly sources: readonly string[] },
  hidden: readonly HiddenProperty[],
): readonly UnreadableField[] {
  return Object.entries(mapping.fields).flatMap(([field, source]) => {
    const properties = sourcesOf(source).filter((each) => sources.includes(each.object));
    const found = properties.flatMap((each) => hidden.find((other) => isSame(each, other)) ?? []);
    const [first] = found;
    if (first === undefined || found.length < properties.length) return [];
    const { reason, fix } = first;
    return [{ object, field, source: properties.map(nameOf).join(', '), reason, fix }];
  });
}

function isSame(a: ObjectProperty, b: ObjectProperty): boolean {
  return a.object === b.object && a.property === b.property;
}

function nameOf({ object, property }: ObjectProperty): string {
  return `${object}.${property}`;
}
