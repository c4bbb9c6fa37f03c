// Marks records as dirty that a stream reported as changed.
import { sql, type Transaction } from 'kysely';
import type { DirtyRecord } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import { ensureLockedRecords, type LockedLeads } from '../leads/lock-leads.ts';
import type { Tables } from '../tables/tables.ts';
import { refKey } from './ref-key.ts';
import { findStoredRecords, isAsStored } from './stored-records.ts';

/**
 * Marks records as dirty, except those whose values in the stream equal the stored ones.
 * @returns the number of marked records
 */
export async function markDirty(
  locked: LockedLeads,
  crm: string,
  dirty: readonly DirtyRecord[],
  now: Date,
): Promise<number> {
  if (dirty.length === 0) return 0;
  const refs = dirty.map(({ ref }) => ref);
  await ensureLockedRecords(locked, crm, refs, now);
  const stored = await findStoredRecords(locked.tx, crm, refs);
  const isUnchanged = (record: DirtyRecord) => isAsStored(stored.get(refKey(record.ref)), record);
  await saveCounters(locked.tx, crm, dirty.filter(isUnchanged), now);
  const changed = dirty.filter((record) => !isUnchanged(record)).map(({ ref }) => ref);
  if (changed.length === 0) return 0;
  await sql`
    update leadgrade.records r set dirty_at = ${now}
    from ${jsonRows(changed)} as t (object text, id text)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.erased_at is null`.execute(locked.tx);
  return changed.length;
}

/** Saves the counters that the stream returned. The events of changed ones are to be dated. */
async function saveCounters(
  tx: Transaction<Tables>,
  crm: string,
  dirty: readonly DirtyRecord[],
  now: Date,
): Promise<void> {
  const rows = dirty.flatMap(({ ref, current }) =>
    current?.counters === undefined ? [] : [{ ...ref, counters: current.counters }],
  );
  if (rows.length === 0) return;
  await sql`
    update leadgrade.records r set counters = t.counters, counters_changed_at = ${now}
    from ${jsonRows(rows)} as t (object text, id text, counters jsonb)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.counters <> t.counters`.execute(tx);
}
