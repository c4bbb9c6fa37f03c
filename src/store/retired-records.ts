// Records that are no longer there: deleted in their CRM, or merged into another.
import { sql, type Transaction } from 'kysely';
import type { RecordRef } from '../domain/crm-changes.ts';
import { ensureRecords } from './ensure-records.ts';
import { handOverRows } from './hand-over.ts';
import { holdLeads, markDue } from './leads.ts';

import { rowsOf } from './sql-rows.ts';
import type { Tables } from './tables.ts';

type Tx = Transaction<Tables>;

interface Retired extends RecordRef {
  readonly into: string | null;
}

/**
 * A record that is gone keeps its row as a tombstone and its ledger for review; nothing is written to it again. One that was
 * merged hands its ledger to the survivor, which is read and scored again. Records that are retired already, or were never
 * known, change nothing.
 */
export async function retire(tx: Tx, crm: string, records: readonly Retired[], now: Date): Promise<void> {
  if (records.length === 0) return;
  await holdLeads(tx, crm, records);
  const { rows: retired } = await sql<Retired & { lead_id: number }>`
    update leadgrade.records r
    set state = case when t."into" is null then 'gone' else 'merged' end, merged_into = t."into", dirty_at = null,
        undated_at = null, counters = '{}', claimed_by = null, claimed_until = null, read_at = ${now}
    from ${rowsOf(records)} as t (object text, id text, "into" text)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id
      and (r.state = 'live' or t."into" is not null and r.merged_into is distinct from t."into")
    returning r.object, r.id, r.merged_into as "into", r.lead_id`.execute(tx);
  const gone = sql`${rowsOf(records)} as t (object text, id text)`;
  // One that was asked for again, in case that it is back, and is not: that is answered.
  await sql`
    update leadgrade.records r set dirty_at = null, claimed_by = null, claimed_until = null
    from ${gone} where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.state <> 'live'
      and r.dirty_at is not null`.execute(tx);
  await sql`
    delete from leadgrade.outbox o using ${gone}
    where o.crm = ${crm} and o.object = t.object and o.record_id = t.id`.execute(tx);
  // Nobody can mend what is not there any more.
  await sql`
    delete from leadgrade.errors e using ${gone}
    where e.crm = ${crm} and e.object = t.object and e.record_id = t.id`.execute(tx);
  if (retired.length === 0) return;
  const survivors = await handOver(tx, crm, retired, now);
  // Without a record a lead has no score.
  const alone = retired.map((record) => record.lead_id);
  await markDue(tx, alone, 'gone', now);
  await markDue(tx, survivors, 'merged', now);
}

/** Gives the ledgers of merged records to their survivors, and these to be read again. Gives the survivors' leads. */
async function handOver(tx: Tx, crm: string, retired: readonly Retired[], now: Date): Promise<readonly number[]> {
  const merged = retired.flatMap(({ object, id, into }) => (into === null ? [] : [{ object, id, into }]));
  if (merged.length === 0) return [];
  const into = merged.map((each) => ({ object: each.object, id: each.into }));
  await ensureRecords(tx, crm, into, now);
  await handOverRows(tx, 'activities', { crm, merged, now });
  // The survivor's own history as a lead is read with it.
  await handOverRows(tx, 'outcomes', { crm, merged, now, only: sql`a.source <> 'lifecycle'` });
  const { rows } = await sql<{ lead_id: number }>`
    update leadgrade.records r set dirty_at = ${now}
    from ${rowsOf(into)} as t (object text, id text)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.state = 'live'
    returning r.lead_id`.execute(tx);
  return rows.map((row) => row.lead_id);
}
