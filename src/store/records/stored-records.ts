// The stored state of records, and its comparison with a new read.
import { isDeepStrictEqual } from 'node:util';
import { sql, type Transaction } from 'kysely';
import type { DirtyRecord, LeadSnapshot, RecordLink, RecordRef } from '../../domain/crm-changes.ts';
import type { Fields } from '../../domain/lead.ts';
import type { ScoreFieldValues } from '../../domain/score-fields.ts';
import { ADDRESSES_OF_RECORD, addressesOf, equalAddresses } from '../identity/record-addresses.ts';
import { equalLinks, LINKS_OF_RECORD } from '../identity/record-links.ts';
import { jsonRows } from '../json-rows.ts';
import type { RecordState } from '../tables/records.ts';
import type { Tables } from '../tables/tables.ts';
import { refKey } from './ref-key.ts';

export interface StoredRecord extends RecordRef {
  readonly lead_id: number;
  readonly state: RecordState;
  readonly fields: Fields;
  readonly crm_values: ScoreFieldValues;
  readonly last_written_values: ScoreFieldValues | null;
  /** The pending write in the outbox. */
  readonly unsent: ScoreFieldValues | null;
  readonly read_at: Date | null;
  readonly links: readonly RecordLink[];
  /** In normal form, sorted. */
  readonly addresses: readonly string[];
}

/** By `refKey`. */
export type StoredRecords = ReadonlyMap<string, StoredRecord>;

export async function findStoredRecords(
  tx: Transaction<Tables>,
  crm: string,
  refs: readonly RecordRef[],
): Promise<StoredRecords> {
  const { rows } = await sql<StoredRecord>`
    select r.object, r.id, r.lead_id, r.state, r.fields, r.crm_values, r.last_written_values, o.patch as unsent, r.read_at,
      ${LINKS_OF_RECORD} as links, ${ADDRESSES_OF_RECORD} as addresses
    from leadgrade.records r
    left join leadgrade.outbox o on o.crm = r.crm and o.object = r.object and o.record_id = r.id
    join ${jsonRows(refs)} as t (object text, id text) on r.object = t.object and r.id = t.id
    where r.crm = ${crm}`.execute(tx);
  return new Map(rows.map((row) => [refKey(row), row]));
}

type ReadRecord = StoredRecord & { readonly read_at: Date };

/** A record without a complete read, or a deleted one, differs from any snapshot. */
function isReadAndLive(stored: StoredRecord | undefined): stored is ReadRecord {
  return stored !== undefined && stored.read_at !== null && stored.state === 'live';
}

/** Whether the mapped fields or the score fields differ. */
export function isChanged(stored: StoredRecord | undefined, snapshot: LeadSnapshot): boolean {
  if (!isReadAndLive(stored)) return true;
  return (
    !isDeepStrictEqual(stored.fields, snapshot.fields) || !isDeepStrictEqual(stored.crm_values, snapshot.crmValues)
  );
}

/** Whether the record can belong to another person now: its addresses, links or names differ. */
export function isIdentityChanged(stored: StoredRecord | undefined, snapshot: LeadSnapshot): boolean {
  if (!isReadAndLive(stored)) return true;
  const names = (fields: Fields) => [fields['contact.first_name'] ?? null, fields['contact.last_name'] ?? null];
  return (
    !isDeepStrictEqual(names(stored.fields), names(snapshot.fields)) ||
    !equalAddresses(stored.addresses, addressesOf(snapshot)) ||
    !equalLinks(stored.links, snapshot.links)
  );
}

/** Whether the values that a stream returned for a dirty record equal the stored ones. */
export function isAsStored(stored: StoredRecord | undefined, { current }: DirtyRecord): boolean {
  if (!isReadAndLive(stored) || !current) return false;
  const fields = Object.entries(current.fields).every(([field, value]) =>
    isDeepStrictEqual(stored.fields[field] ?? null, value),
  );
  const links = current.links === undefined || equalLinks(stored.links, current.links);
  // The primary address is one of the fields.
  const addresses = current.emails === undefined || equalAddresses(stored.addresses, addressesOf(current));
  return fields && links && addresses && isDeepStrictEqual(stored.crm_values, current.crmValues);
}
