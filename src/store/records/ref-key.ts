import type { RecordRef } from '../../domain/crm-changes.ts';

/** A key that is unique within a CRM: `contacts/123`. */
export function refKey(ref: RecordRef): string {
  return `${ref.object}/${ref.id}`;
}

/** The rows of each object, with their ids. */
export function byObject<R extends RecordRef>(
  rows: readonly R[],
): readonly { readonly object: string; readonly ids: readonly string[]; readonly rows: readonly R[] }[] {
  return [...Map.groupBy(rows, ({ object }) => object)].map(([object, ofObject]) => {
    return { object, ids: ofObject.map(({ id }) => id), rows: ofObject };
  });
}
