// The fields in which the records of a person differ, and whose value counts. Pure.
import type { FieldValue } from '../domain/lead.ts';
import { isKnown } from '../mapping/project-fields.ts';
import type { PeoplePolicy } from './people-policy.ts';
import { type PersonRecord, preferred } from './to-lead.ts';

export interface FieldDifference {
  readonly field: string;
  /** The value that counts first. */
  readonly values: readonly { readonly record: PersonRecord; readonly value: FieldValue }[];
  /** Why the first value counts. */
  readonly reason: string;
}

/** @param fields only these fields are compared */
export function fieldDifferences(
  records: readonly PersonRecord[],
  fields: readonly string[],
  { prefer, prefer_by_field }: PeoplePolicy,
): readonly FieldDifference[] {
  return fields.flatMap((field): FieldDifference[] => {
    const own = Object.hasOwn(prefer_by_field, field) ? prefer_by_field[field] : undefined;
    const order = [...new Set([...(own ?? []), ...prefer])];
    const values = preferred(records, order).flatMap((record) => {
      const value = record.fields[field];
      return isKnown(value) ? [{ record, value }] : [];
    });
    const [first] = values;
    const other = values.find(({ value }) => compared(value) !== compared(first?.value ?? null));
    if (first === undefined || other === undefined) return [];
    const rule =
      own === undefined ? `prefer: [${prefer.join(', ')}]` : `prefer_by_field: ${field}: [${own.join(', ')}]`;
    const isOneCrm = first.record.crm === other.record.crm;
    return [{ field, values, reason: isOneCrm ? `first of the records in ${first.record.crm}` : rule }];
  });
}

function compared(value: FieldValue): string {
  return (typeof value === 'string' ? value.trim().toLowerCase() : JSON.stringify(value)) ?? '';
}
