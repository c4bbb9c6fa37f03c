// Fields whose property a CRM does not have or show any more: their values are unknown, whatever is stored. Pure.

import type { RecordLink } from '../domain/crm-changes.ts';
import { type Fields, UNREADABLE } from '../domain/lead.ts';

/** By `crm/object` of a record, its unreadable fields. */
export type UnreadableFields = ReadonlyMap<string, readonly string[]>;

export function unreadableKey({ crm, object }: Pick<RecordLink, 'crm' | 'object'>): string {
  return `${crm}/${object}`;
}

/** The record with the value `UNREADABLE` in place of what is stored of these fields. */
export function withoutUnreadable<R extends Pick<RecordLink, 'crm' | 'object'> & { readonly fields: Fields }>(
  record: R,
  unreadable: UnreadableFields,
): R {
  const fields = unreadable.get(unreadableKey(record)) ?? [];
  if (fields.length === 0) return record;
  return { ...record, fields: { ...record.fields, ...Object.fromEntries(fields.map((field) => [field, UNREADABLE])) } };
}
