// Remembers from when on the scores of a lead can be replayed: before, it had other records.
import { sql } from 'kysely';
import type { LockedLeads } from '../leads/lock-leads.ts';

/** @param leadIds leads that a record joined or left, or whose record was deleted, merged or restored */
export async function saveRecordsChanged(locked: LockedLeads, leadIds: readonly number[], now: Date): Promise<void> {
  if (leadIds.length === 0) return;
  await sql`update leadgrade.leads set records_changed_at = ${now} where id = any(${[...new Set(leadIds)]}::bigint[])`.execute(
    locked.tx,
  );
}
