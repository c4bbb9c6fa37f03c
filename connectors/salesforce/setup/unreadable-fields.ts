// The mapped fields that do not exist in the org, or that this user may not see. Salesforce leaves them out of the
// description of their object, and no query names them.
import type { UnreadableField } from '../../../src/domain/unreadable-field.ts';
import { mappedProperties } from '../../../src/mapping/project-fields.ts';
import { fieldsWithoutProperty, type HiddenProperty } from '../../kit/unreadable-fields.ts';
import type { SalesforceParts } from '../parts.ts';
import { PEOPLE } from '../people/person-mapping.ts';
import { createSchema } from '../query/describe.ts';
import { isVisible } from '../query/visibility.ts';

/** An object that this user cannot see is not read at all; its stream says so. */
export async function unreadableFields(
  parts: SalesforceParts,
  signal: AbortSignal,
): Promise<readonly UnreadableField[]> {
  const { mapping } = parts;
  // Of its own: the shared one may be half an hour old, and stays for the reads that are under way.
  const schema = createSchema(parts);
  const fields: UnreadableField[] = [];
  for (const object of PEOPLE) {
    if (!(await isVisible({ schema }, object, signal))) continue;
    const hidden: HiddenProperty[] = [];
    for (const property of mappedProperties(mapping, object)) {
      const problem = await schema.problemOf(object, property, signal);
      if (problem !== null) hidden.push({ object, property, ...problem });
    }
    fields.push(...fieldsWithoutProperty(mapping, { object, sources: [object] }, hidden));
  }
  return fields;
}
