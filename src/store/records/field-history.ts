// The history of the mapped fields.
import { isDeepStrictEqual } from 'node:util';
import { sql, type Transaction } from 'kysely';
import type { LeadSnapshot } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import { refKey } from './ref-key.ts';
import type { StoredRecords } from './stored-records.ts';

/** Inserts the fields of these snapshots that differ from the stored record. */
export async function saveFieldHistory(
  tx: Transaction<Tables>,
  crm: string,
  changed: readonly LeadSnapshot[],
  stored: StoredRecords,
  now: Date,
): Promise<void> {
  const rows = changed.flatMap(({ ref, fields, modifiedAt }) => {
    const before = stored.get(refKey(ref))?.fields ?? {};
    const differing = Object.entries(fields).filter(
      ([field, value]) => !isDeepStrictEqual(before[field] ?? null, value),
    );
    return differing.map(([field, value]) => ({ ...ref, field, value, valid_from: modifiedAt }));
  });
  if (rows.length === 0) return;
  await sql`
    insert into leadgrade.field_values (crm, object, record_id, field, value, valid_from, seen_at)
    select ${crm}, object, id, field, coalesce(value, 'null'), valid_from, ${now}
    from ${jsonRows(rows)} as t (object text, id text, field text, value jsonb, valid_from timestamptz)
    on conflict do nothing`.execute(tx);
}
