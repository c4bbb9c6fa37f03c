// Tombstones of records that were deleted in their CRM, or merged into another record.
import { sql } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { enqueueForMatching } from '../identity/match-queue.ts';
import { jsonRows } from '../json-rows.ts';
import type { LockedLeads } from '../leads/lock-leads.ts';
import { markDue } from '../leads/mark-due.ts';
import { isOneOf } from '../outbox/outbox.ts';
import { saveRecordsChanged } from '../replay/records-changed.ts';
import { moveToSurvivors } from './move-to-survivor.ts';
import { byObject } from './ref-key.ts';

export interface GoneOrMerged extends RecordRef {
  /** The surviving record, which can be of another object; null = the record was deleted. */
  readonly into: RecordRef | null;
  /**
   * The dirty flag that this clears. A flag set later stays: it can mean that the record was
   * restored.
   */
  readonly claimedDirtyAt?: Date | undefined;
  /**
   * The instant of the request. A record that was read later is not deleted. Absent: it is, without
   * condition.
   */
  readonly askedAt?: Date | undefined;
}

/** The records whose leads `markGoneOrMerged` needs locked. */
export function affectedRecords(records: readonly GoneOrMerged[]): readonly RecordRef[] {
  return records.flatMap(({ object, id, into }) => (into === null ? [{ object, id }] : [{ object, id }, into]));
}

/**
 * Turns records into tombstones. The row and its activities stay for the review of the model;
 * nothing is written to the CRM any more. The activities of a merged record move to its survivor,
 * which is scored again, and read again unless it was read since `askedAt`. Tombstones and unknown
 * records stay as they are.
 */
export async function markGoneOrMerged(
  locked: LockedLeads,
  crm: string,
  records: readonly GoneOrMerged[],
  { now, askedAt = null }: { readonly now: Date; readonly askedAt?: Date | null },
): Promise<void> {
  if (records.length === 0) return;
  const marked = await setStates(locked, crm, records, now);
  await cleanUp(locked, crm, records);
  if (marked.length === 0) return;
  await enqueueForMatching(locked.tx, crm, marked);
  const merged = marked.flatMap(({ object, id, into_object, into_id }) => {
    return into_object === null || into_id === null ? [] : [{ object, id, into: { object: into_object, id: into_id } }];
  });
  const survivors = await moveToSurvivors(locked, crm, merged, { now, askedAt });
  await saveRecordsChanged(
    locked,
    [...marked, ...survivors].map((record) => record.lead_id),
    now,
  );
  const survivingLeads = new Set(survivors.map((survivor) => survivor.lead_id));
  // A survivor that was never read is scored after its first read. Without a record, its lead would
  // be unscored now, and get its first score again later.
  const readable = survivors.filter((survivor) => survivor.read_at !== null);
  await markDue(
    locked,
    readable.map((survivor) => survivor.lead_id),
    'merged',
    now,
  );
  await markDue(
    locked,
    marked.map((record) => record.lead_id).filter((lead) => !survivingLeads.has(lead)),
    'gone',
    now,
  );
}

interface MarkedRecord extends RecordRef {
  readonly into_object: string | null;
  readonly into_id: string | null;
  readonly lead_id: number;
}

/** @returns the records that became tombstones, or got another survivor */
async function setStates(
  { tx }: LockedLeads,
  crm: string,
  records: readonly GoneOrMerged[],
  now: Date,
): Promise<readonly MarkedRecord[]> {
  const rows = records.map(({ object, id, into, askedAt = null }) => {
    return { object, id, into_object: into?.object ?? null, into_id: into?.id ?? null, asked_at: askedAt };
  });
  const { rows: marked } = await sql<MarkedRecord>`
    update leadgrade.records r
    set state = case when t.into_id is null then 'gone' else 'merged' end, merged_into = t.into_id,
        merged_into_object = t.into_object, counters_changed_at = null, counters = '{}', read_at = ${now}
    from ${jsonRows(rows)} as t (object text, id text, into_object text, into_id text, asked_at timestamptz)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id
      and (r.state = 'live' and coalesce(r.read_at <= t.asked_at, true) or t.into_id is not null
        and (r.merged_into, coalesce(r.merged_into_object, r.object)) is distinct from (t.into_id, t.into_object))
    returning r.object, r.id, t.into_object, t.into_id, r.lead_id`.execute(tx);
  return marked;
}

/**
 * Clears dirty flags, pending writes and errors of all these records, except those that were read
 * as live later.
 */
async function cleanUp({ tx }: LockedLeads, crm: string, records: readonly GoneOrMerged[]): Promise<void> {
  const rows = records.map(({ object, id, claimedDirtyAt = null }) => ({
    object,
    id,
    claimed_dirty_at: claimedDirtyAt,
  }));
  const tombstones = sql`${jsonRows(rows)} as t (object text, id text, claimed_dirty_at timestamptz)
    join leadgrade.records g on g.crm = ${crm} and g.object = t.object and g.id = t.id and g.state <> 'live'`;
  await sql`
    update leadgrade.records r
    set dirty_at = case when r.dirty_at is distinct from t.claimed_dirty_at then r.dirty_at end, claimed_by = null,
        claimed_until = null, debounced_until = null
    from ${tombstones} where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.dirty_at is not null
      and t.claimed_dirty_at is not null`.execute(tx);
  for (const { object, ids } of byObject(records)) {
    await sql`
      delete from leadgrade.outbox o where ${isOneOf({ crm, object }, ids)} and exists (
        select from leadgrade.records g
        where g.crm = o.crm and g.object = o.object and g.id = o.record_id and g.state <> 'live'
      )`.execute(tx);
  }
  await sql`
    delete from leadgrade.set_aside a using ${tombstones}
    where a.crm = ${crm} and a.stream = t.object and a.part_id = t.id and a.kind in ('record', 'counters', 'links')`.execute(
    tx,
  );
  // An error of a deleted record cannot be fixed.
  await sql`
    delete from leadgrade.record_errors e using ${tombstones}
    where e.crm = ${crm} and e.object = t.object and e.record_id = t.id`.execute(tx);
}
