// Leadgrade's own fields for this user: their names in Salesforce, and whether the user can see and
// edit them.
import type { ScoreFieldValues } from '../../../src/domain/score-fields.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import type { SalesforceParts } from '../parts.ts';
import type { DescribedField } from '../query/described-object.ts';

/**
 * The values of a patch under their names in Salesforce; null clears a field.
 * @param fields `writtenFields` of the mapping
 */
export function toFields(
  fields: ReturnType<typeof writtenFields>,
  values: ScoreFieldValues,
): readonly (readonly [name: string, value: string | number | null])[] {
  return fields.flatMap(({ key, property }) => {
    const value = values[key];
    return value === undefined ? [] : [[property, value] as const];
  });
}

/** Whether this user can edit the object and all own fields of it. */
export async function canWrite(parts: SalesforceParts, object: string, signal: AbortSignal): Promise<boolean> {
  const described = await parts.schema.describe(object, signal);
  if (described === null || !described.updateable) return false;
  return ownFields(parts, described.fields).every((field) => field?.updateable === true);
}

/**
 * Call this before a write. It clears the cached description if an own field was hidden when the
 * object was described: the field may be visible by now. With the old description, reads would take
 * the written field for empty, and it would be written again and again.
 */
export async function refreshStaleDescription(
  parts: SalesforceParts,
  object: string,
  signal: AbortSignal,
): Promise<void> {
  const described = await parts.schema.describe(object, signal);
  if (described === null || ownFields(parts, described.fields).includes(undefined)) parts.schema.invalidate();
}

function ownFields({ mapping }: SalesforceParts, fields: ReadonlyMap<string, DescribedField>) {
  return writtenFields(mapping).map(({ property }) => fields.get(property.toLowerCase()));
}
