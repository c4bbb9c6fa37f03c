// Fields whose property a CRM does not have or show any more: their values are unknown, whatever is stored. Pure.

import type { RecordLink } from '../domain/crm-changes.ts';
import { type Fields, UNREADABLE } from '../domain/lead.ts';

/** By `crm/object` of a record, its unreadable fields. */
export type UnreadableFields = ReadonlyMap<string, readonly string[]>;

export function unreadableKey({ crm, object }: Pick<RecordLink, 'crm' | 'object'>): string {
  return `${crm}/${object}`;
}

const AS_READABLE = Symbol('as readable');

/** A person in whose records the unreadable fields have the value `UNREADABLE`. Only `asReadable` makes one. */
export type AsReadable<P> = P & { readonly [AS_READABLE]: true };

interface RecordOfPerson extends Pick<RecordLink, 'crm' | 'object'> {
  readonly fields: Fields;
}

/** Call it once for a lead: scope and scoring must see the same values. */
export function asReadable<R extends RecordOfPerson, P extends { readonly records: readonly R[] }>(
  person: P & { readonly records: readonly R[] },
  unreadable: UnreadableFields,
): AsReadable<P> {
  const { records } = person;
  if (unreadable.size === 0) return { ...person, [AS_READABLE]: true };
  return { ...person, records: records.map((record) => withoutUnreadable(record, unreadable)), [AS_READABLE]: true };
}

function withoutUnreadable<R extends RecordOfPerson>(record: R, unreadable: UnreadableFields): R {
  const fields = unreadable.get(unreadableKey(record)) ?? [];
  if (fields.length === 0) return record;
  return { ...record, fields: { ...record.fields, ...Object.fromEntries(fields.map((field) => [field, UNREADABLE])) } };
}
