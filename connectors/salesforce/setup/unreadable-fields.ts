// The mapped fields that do not exist in the org, or that this user may not see. Salesforce leaves them out of the
// description of their object, and no query names them.
import type { FieldCheck } from '../../../src/domain/unreadable-field.ts';
import { checkMappedFields, type PropertyAnswer } from '../../kit/unreadable-fields.ts';
import type { SalesforceParts } from '../parts.ts';
import { PEOPLE } from '../people/person-mapping.ts';
import { createSchema } from '../query/describe.ts';
import { isVisible } from '../query/visibility.ts';

/** An object that this user cannot see is not read at all, and says nothing of its fields; its stream says so. */
export async function unreadableFields(parts: SalesforceParts, signal: AbortSignal): Promise<FieldCheck> {
  const { mapping } = parts;
  // Of its own: the shared one may be half an hour old, and stays for the reads that are under way.
  const schema = createSchema(parts);
  const checks: FieldCheck[] = [];
  for (const object of PEOPLE) {
    const isReadable = await isVisible({ schema }, object, signal);
    const check = await checkMappedFields(
      mapping,
      { object, sources: [object] },
      async ({ property }): Promise<PropertyAnswer> => {
        if (!isReadable) return 'undescribed';
        const problem = await schema.problemOf(object, property, signal);
        if (problem === null) return 'there';
        const { reason, fix, isUndescribed } = problem;
        return isUndescribed === true ? 'undescribed' : { reason, fix };
      },
    );
    checks.push(check);
  }
  return {
    unreadable: checks.flatMap(({ unreadable }) => unreadable),
    undecided: checks.flatMap(({ undecided }) => undecided),
  };
}
