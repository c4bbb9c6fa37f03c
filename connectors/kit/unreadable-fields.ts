// Which fields of a mapping cannot be read, given what the CRM says of their properties. Pure.
import type { FieldCheck, UnreadableField } from '../../src/domain/unreadable-field.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { type ObjectProperty, sourcesOf } from '../../src/mapping/project-fields.ts';

/** What the description of an object says of a property: `there`, why it is not, or nothing. */
export type PropertyAnswer = 'there' | 'undescribed' | Pick<UnreadableField, 'reason' | 'fix'>;

/**
 * @param object the object of the records
 * @param sources the objects whose properties such a record is read with
 * @returns as unreadable the fields none of whose properties is left. One with another property keeps what that one says
 */
export async function checkMappedFields(
  mapping: Mapping,
  { object, sources }: { readonly object: string; readonly sources: readonly string[] },
  ask: (property: ObjectProperty) => PropertyAnswer | Promise<PropertyAnswer>,
): Promise<FieldCheck> {
  const unreadable: UnreadableField[] = [];
  const undecided: FieldCheck['undecided'][number][] = [];
  for (const [field, source] of Object.entries(mapping.fields)) {
    const properties = sourcesOf(source).filter((each) => sources.includes(each.object));
    const answers: PropertyAnswer[] = [];
    for (const property of properties) answers.push(await ask(property));
    const [first] = answers;
    if (first === undefined || answers.includes('there')) continue;
    if (typeof first === 'string' || answers.includes('undescribed')) undecided.push({ object, field });
    else unreadable.push({ object, field, source: properties.map(nameOf).join(', '), ...first });
  }
  return { unreadable, undecided };
}

function nameOf({ object, property }: ObjectProperty): string {
  return `${object}.${property}`;
}
