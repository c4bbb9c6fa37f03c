// Records that are no longer there: deleted in their CRM, or merged into another.
import { sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { enqueueForMatching } from '../identity/match-queue.ts';
import { mergeLeads } from '../identity/reassign-records.ts';
import { jsonRows } from '../json-rows.ts';
import { ensureRecords } from '../leads/ensure-records.ts';
import { lockLeadsOfRecords, markDue } from '../leads/mark-due.ts';
import type { Tables } from '../tables/tables.ts';
import { type Merged, moveRowsToSurvivor, pairsOf } from './move-to-survivor.ts';

type Tx = Transaction<Tables>;

interface Retired extends RecordRef {
  /** The survivor, which may be of another object; null = it was deleted. */
  readonly into: RecordRef | null;
  /** The dirty mark that this answers; one that was made since stays: it may tell that the record is back. */
  readonly mark?: Date | undefined;
  /** When the CRM was asked: one that was seen alive since is not gone. Absent: it is, whatever was seen. */
  readonly asked?: Date | undefined;
}

/**
 * A record that is gone keeps its row as a tombstone and its ledger for review; nothing is written to it again. One that was
 * merged hands its ledger to the survivor, which is scored again, and read again unless it was read since `askedAt`. Records that
 * are retired already, or were never known, change nothing.
 */
export async function markGoneOrMerged(
  tx: Tx,
  crm: string,
  records: readonly Retired[],
  { now, askedAt = null }: { readonly now: Date; readonly askedAt?: Date | null },
): Promise<void> {
  if (records.length === 0) return;
  await lockLeadsOfRecords(
    tx,
    crm,
    records.flatMap(({ object, id, into }) => (into === null ? [{ object, id }] : [{ object, id }, into])),
  );
  const rows = records.map(({ object, id, into, mark = null, asked = null }) => {
    return { object, id, into_object: into?.object ?? null, into_id: into?.id ?? null, mark, asked };
  });
  const { rows: retired } = await sql<
    RecordRef & { into_object: string | null; into_id: string | null; lead_id: number }
  >`
    update leadgrade.records r
    set state = case when t.into_id is null then 'gone' else 'merged' end, merged_into = t.into_id,
        merged_into_object = t.into_object, counters_changed_at = null, counters = '{}', read_at = ${now}
    from ${jsonRows(rows)} as t (object text, id text, into_object text, into_id text, asked timestamptz)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id
      and (r.state = 'live' and coalesce(r.read_at <= t.asked, true) or t.into_id is not null
        and (r.merged_into, coalesce(r.merged_into_object, r.object)) is distinct from (t.into_id, t.into_object))
    returning r.object, r.id, t.into_object, t.into_id, r.lead_id`.execute(tx);
  // All of them but those that were seen alive since.
  const gone = sql`${jsonRows(rows)} as t (object text, id text, mark timestamptz)
    join leadgrade.records g on g.crm = ${crm} and g.object = t.object and g.id = t.id and g.state <> 'live'`;
  await sql`
    update leadgrade.records r
    set dirty_at = case when r.dirty_at is distinct from t.mark then r.dirty_at end, claimed_by = null,
        claimed_until = null, debounced_until = null
    from ${gone} where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.dirty_at is not null
      and t.mark is not null`.execute(tx);
  await sql`
    delete from leadgrade.outbox o using ${gone}
    where o.crm = ${crm} and o.object = t.object and o.record_id = t.id`.execute(tx);
  // Nobody can mend what is not there any more.
  await sql`
    delete from leadgrade.record_errors e using ${gone}
    where e.crm = ${crm} and e.object = t.object and e.record_id = t.id`.execute(tx);
  if (retired.length === 0) return;
  await enqueueForMatching(tx, crm, retired);
  const merged = retired.flatMap(({ object, id, into_object, into_id }) => {
    return into_object === null || into_id === null ? [] : [{ object, id, into: { object: into_object, id: into_id } }];
  });
  const survivors = await handOver(tx, crm, merged, { now, askedAt });
  const leads = new Set(survivors.map((survivor) => survivor.lead_id));
  // One that was never read is scored when it is: without a record a lead has no score, and would begin anew.
  const readable = survivors.filter((survivor) => survivor.read_at !== null);
  await markDue(
    tx,
    readable.map((survivor) => survivor.lead_id),
    'merged',
    now,
  );
  await markDue(
    tx,
    retired.map((record) => record.lead_id).filter((lead) => !leads.has(lead)),
    'gone',
    now,
  );
}

interface Survivor {
  readonly lead_id: number;
  readonly read_at: Date | null;
}

/** Gives the ledgers of merged records to their survivors, and these to be read again, unless they just were. */
async function handOver(
  tx: Tx,
  crm: string,
  merged: readonly Merged[],
  { now, askedAt }: { readonly now: Date; readonly askedAt: Date | null },
): Promise<readonly Survivor[]> {
  if (merged.length === 0) return [];
  const into = merged.map((each) => each.into);
  await ensureRecords(tx, crm, into, now);
  await goOnFromMerged(tx, crm, merged);
  await moveRowsToSurvivor(tx, 'activities', { crm, merged, now });
  // The survivor's own history as a lead is read with it.
  await moveRowsToSurvivor(tx, 'outcomes', { crm, merged, now, only: sql`a.source <> 'lifecycle'` });
  const { rows } = await sql<Survivor>`
    update leadgrade.records r set dirty_at = case when r.read_at >= ${askedAt}::timestamptz then r.dirty_at else ${now} end
    from ${jsonRows(into)} as t (object text, id text)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.state = 'live'
    returning r.lead_id, r.read_at`.execute(tx);
  return rows;
}

/** A survivor that never had a score goes on from the one of what was merged into it: a conversion makes nobody a new lead. */
async function goOnFromMerged(tx: Tx, crm: string, merged: readonly Merged[]): Promise<void> {
  const { rows } = await sql<{ from: number; into: number }>`
    select survivor.lead_id as "from", min(m.lead_id) as "into"
    from ${pairsOf(merged)} as t (object text, id text, into_object text, into_id text)
    join leadgrade.records m on m.crm = ${crm} and m.object = t.object and m.id = t.id
    join leadgrade.records survivor on survivor.crm = ${crm} and survivor.object = t.into_object and survivor.id = t.into_id
    where survivor.lead_id <> m.lead_id and survivor.state = 'live'
      and exists (select from leadgrade.results where lead_id = m.lead_id)
      and not exists (select from leadgrade.results where lead_id = survivor.lead_id)
    group by survivor.lead_id`.execute(tx);
  await mergeLeads(tx, rows);
}
