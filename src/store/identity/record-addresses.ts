// The e-mail addresses of records, in normal form. Each of them identifies the person; a former
// address does not.
import { isDeepStrictEqual } from 'node:util';
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { LeadSnapshot } from '../../domain/crm-changes.ts';
import { addressesIn, withoutTag } from '../../domain/email-address.ts';
import type { Fields } from '../../domain/lead.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

/** The addresses of a record (of table `r`), sorted. */
export const ADDRESSES_OF_RECORD: RawBuilder<readonly string[]> = sql`array(
  select a.address from leadgrade.record_addresses a
  where a.crm = r.crm and a.object = r.object and a.record_id = r.id order by a.address collate "C"
)`;

/** The address without its tag, as in the indexes on `mailbox`. */
export function mailboxOf(address: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`regexp_replace(${address}, '^([^+@]+)\\+[^@]*@', '\\1@')`;
}

/** The distinct addresses of a record as it was read, sorted. */
export function addressesOf({ fields, emails = [] }: { fields: Fields; emails?: readonly string[] | undefined }) {
  const texts = [fields['contact.email'] ?? [], emails].flat().filter((text) => typeof text === 'string');
  return [...new Set(texts.flatMap(addressesIn))].toSorted();
}

export function equalAddresses(a: readonly string[], b: readonly string[]): boolean {
  return isDeepStrictEqual(a, b);
}

/** Replaces the stored addresses of these records. */
export async function saveAddresses(
  tx: Transaction<Tables>,
  crm: string,
  read: readonly Pick<LeadSnapshot, 'ref' | 'fields' | 'emails'>[],
): Promise<void> {
  if (read.length === 0) return;
  await deleteAddresses(tx, crm, sql`${jsonRows(read.map(({ ref }) => ref))} as t (object text, id text)`);
  const rows = read.flatMap(({ ref, ...snapshot }) =>
    addressesOf(snapshot).map((address) => ({ ...ref, address, mailbox: withoutTag(address) })),
  );
  if (rows.length === 0) return;
  await sql`
    insert into leadgrade.record_addresses (crm, object, record_id, address, mailbox)
    select ${crm}, object, id, address, mailbox
    from ${jsonRows(rows)} as t (object text, id text, address text, mailbox text)
    on conflict do nothing`.execute(tx);
}

/** @param records rows `t` of (object, id) */
export async function deleteAddresses(
  tx: Transaction<Tables>,
  crm: string,
  records: RawBuilder<unknown>,
): Promise<void> {
  await sql`
    delete from leadgrade.record_addresses a using ${records}
    where a.crm = ${crm} and a.object = t.object and a.record_id = t.id`.execute(tx);
}
