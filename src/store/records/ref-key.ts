import type { RecordRef } from '../../domain/crm-changes.ts';

/** A key that is unique within a CRM: `contacts/123`. */
export function refKey(ref: RecordRef): string {
  return `${ref.object}/${ref.id}`;
}
