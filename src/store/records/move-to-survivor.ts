// Moves what is stored for a merged record to its surviving record, under the survivor's id. A
// stream that lists the same activities with the survivor then does not count them twice.
import { type RawBuilder, sql } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { mergeLeads } from '../identity/reassign-records.ts';
import { jsonRows } from '../json-rows.ts';
import { ensureLockedRecords, type LockedLeads } from '../leads/lock-leads.ts';

export interface MergedRecord extends RecordRef {
  readonly into: RecordRef;
}

export interface Survivor {
  readonly lead_id: number;
  readonly read_at: Date | null;
}

/**
 * Moves activities and outcomes to the survivors, and marks these dirty unless they were read since
 * `askedAt`.
 */
export async function moveToSurvivors(
  locked: LockedLeads,
  crm: string,
  merged: readonly MergedRecord[],
  { now, askedAt }: { readonly now: Date; readonly askedAt: Date | null },
): Promise<readonly Survivor[]> {
  if (merged.length === 0) return [];
  const into = merged.map((record) => record.into);
  await ensureLockedRecords(locked, crm, into, now);
  await continueScores(locked, crm, merged);
  await moveRows(locked, 'activities', { crm, merged, now });
  // The lifecycle of the survivor is part of the survivor itself.
  await moveRows(locked, 'deal_outcomes', { crm, merged, now, only: sql`a.source <> 'lifecycle'` });
  const { rows } = await sql<Survivor>`
    update leadgrade.records r set dirty_at = case when r.read_at >= ${askedAt}::timestamptz then r.dirty_at else ${now} end
    from ${jsonRows(into)} as t (object text, id text)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.state = 'live'
    returning r.lead_id, r.read_at`.execute(locked.tx);
  return rows;
}

/**
 * A survivor without a score continues the score of its merged record: a converted lead is not a
 * new lead.
 */
async function continueScores(locked: LockedLeads, crm: string, merged: readonly MergedRecord[]): Promise<void> {
  const { rows } = await sql<{ from: number; into: number }>`
    select survivor.lead_id as "from", min(m.lead_id) as "into"
    from ${pairRows(merged)} as t (object text, id text, into_object text, into_id text)
    join leadgrade.records m on m.crm = ${crm} and m.object = t.object and m.id = t.id
    join leadgrade.records survivor on survivor.crm = ${crm} and survivor.object = t.into_object and survivor.id = t.into_id
    where survivor.lead_id <> m.lead_id and survivor.state = 'live'
      and exists (select from leadgrade.results where lead_id = m.lead_id)
      and not exists (select from leadgrade.results where lead_id = survivor.lead_id)
    group by survivor.lead_id`.execute(locked.tx);
  await mergeLeads(locked, rows);
}

interface MoveOptions {
  readonly crm: string;
  readonly merged: readonly MergedRecord[];
  readonly now: Date;
  /** A condition for the rows (`a`) that move. Default: all rows. */
  readonly only?: RawBuilder<unknown>;
}

/**
 * The rows that stay, because the survivor has the same row or `only` excludes them, get a
 * tombstone.
 */
async function moveRows(
  { tx }: LockedLeads,
  table: 'activities' | 'deal_outcomes',
  { crm, merged, now, only = sql`true` }: MoveOptions,
): Promise<void> {
  const rows = sql.table(`leadgrade.${table}`);
  const pairs = sql`${pairRows(merged)} as t (object text, id text, into_object text, into_id text)`;
  const isOfMerged = sql`a.crm = ${crm} and a.object = t.object and a.record_id = t.id`;
  await sql`
    update ${rows} a set object = t.into_object, record_id = t.into_id, lead_id = survivor.lead_id
    from ${pairs}
    join leadgrade.records survivor
      on survivor.crm = ${crm} and survivor.object = t.into_object and survivor.id = t.into_id
    where ${isOfMerged} and ${only} and not exists (
      select from ${rows} b
      where b.crm = ${crm} and b.object = t.into_object and b.record_id = t.into_id and b.id = a.id
    )`.execute(tx);
  await sql`update ${rows} a set gone_at = ${now} from ${pairs} where ${isOfMerged} and a.gone_at is null`.execute(tx);
}

/** Rows of (object, id, into_object, into_id). */
function pairRows(merged: readonly MergedRecord[]): RawBuilder<unknown> {
  return jsonRows(merged.map(({ object, id, into }) => ({ object, id, into_object: into.object, into_id: into.id })));
}
