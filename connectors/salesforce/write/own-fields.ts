// Our own fields as this user has them: under which names, and whether it sees and may write them.
import type { ScoreFieldValues } from '../../../src/domain/score-fields.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import type { DescribedField } from '../query/describe.ts';
import type { SalesforceParts } from '../streams/stream.ts';

/**
 * All our fields of a patch under their names in Salesforce; null clears one.
 * @param names `writtenFields` of the mapping
 */
export function toFields(
  names: ReturnType<typeof writtenFields>,
  values: ScoreFieldValues,
): readonly (readonly [name: string, value: string | number | null])[] {
  return names.flatMap(({ field, property }) => {
    const value = values[field];
    return value === undefined ? [] : [[property, value] as const];
  });
}

/** Whether this user may write our fields at all. */
export async function mayWrite(parts: SalesforceParts, object: string, signal: AbortSignal): Promise<boolean> {
  const described = await parts.schema.object(object, signal);
  if (described === null || !described.updateable) return false;
  return ownFields(parts, described.fields).every((field) => field?.updateable === true);
}

/**
 * To be called before a write. A field of ours that was hidden when its object was last described may be seen by now: reads would
 * go on to take it for emptied, and it would be written again and again.
 */
export async function describeAgain(parts: SalesforceParts, object: string, signal: AbortSignal): Promise<void> {
  const described = await parts.schema.object(object, signal);
  if (described === null || ownFields(parts, described.fields).includes(undefined)) parts.schema.forget();
}

function ownFields({ mapping }: SalesforceParts, fields: ReadonlyMap<string, DescribedField>) {
  return writtenFields(mapping).map(({ property }) => fields.get(property.toLowerCase()));
}
