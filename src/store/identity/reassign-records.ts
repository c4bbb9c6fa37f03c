// Moves records to the lead of another person, with everything that is stored for them.
import { sql } from 'kysely';
import type { RecordLink } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import { deleteStates } from '../leads/input/lead-states.ts';
import type { LockedLeads } from '../leads/lock-leads.ts';

export interface RecordMove extends RecordLink {
  /** The new lead of the record. */
  readonly to: number;
}

/** @param locked the present and the new leads of the records */
export async function reassignRecords(locked: LockedLeads, moves: readonly RecordMove[]): Promise<void> {
  if (moves.length === 0) return;
  const rows = moves.map(({ crm, object, id, to }) => ({ crm, object, id, to }));
  const moved = sql`${jsonRows(rows)} as t (crm text, object text, id text, "to" bigint)`;
  await sql`
    update leadgrade.records r set lead_id = t."to" from ${moved}
    where r.crm = t.crm and r.object = t.object and r.id = t.id`.execute(locked.tx);
  for (const table of ['activities', 'deal_outcomes'] as const) {
    await sql`
      update ${sql.table(`leadgrade.${table}`)} a set lead_id = t."to" from ${moved}
      where a.crm = t.crm and a.object = t.object and a.record_id = t.id and a.lead_id <> t."to"`.execute(locked.tx);
  }
}

export interface LeadMerge {
  readonly from: number;
  readonly into: number;
}

/**
 * Merges leads of the same person: moves everything including results, then deletes the lead
 * `from`. The lead `into` gets the newest of their scores if it has none.
 * @param locked all of these leads
 */
export async function mergeLeads(locked: LockedLeads, merges: readonly LeadMerge[]): Promise<void> {
  if (merges.length === 0) return;
  const merged = sql`${jsonRows(merges)} as t ("from" bigint, "into" bigint)`;
  await sql`
    update leadgrade.leads l set result_id = coalesce(l.result_id, past.result_id)
    from (
      select t."into", max(gone.result_id) as result_id from ${merged}
      join leadgrade.leads gone on gone.id = t."from" group by t."into"
    ) past
    where l.id = past."into" and past.result_id is not null`.execute(locked.tx);
  await sql`
    insert into leadgrade.lead_results (lead_id, model, result_id, is_live)
    select distinct on (t."into", c.model) t."into", c.model, c.result_id, c.is_live
    from ${merged} join leadgrade.lead_results c on c.lead_id = t."from"
    order by t."into", c.model, c.result_id desc
    on conflict (lead_id, model) do nothing`.execute(locked.tx);
  for (const table of ['records', 'activities', 'deal_outcomes', 'results'] as const) {
    await sql`
      update ${sql.table(`leadgrade.${table}`)} a set lead_id = t."into" from ${merged}
      where a.lead_id = t."from"`.execute(locked.tx);
  }
  await deleteStates(
    locked,
    merges.map(({ from }) => from),
  );
  await sql`delete from leadgrade.leads l using ${merged} where l.id = t."from"`.execute(locked.tx);
}
