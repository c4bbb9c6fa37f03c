// Records that go over to another lead, as they turn out to be another person's, with all that is known by them.
import { sql, type Transaction } from 'kysely';
import type { RecordLink } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

type Tx = Transaction<Tables>;

export interface RecordMove extends RecordLink {
  /** The lead that it goes to. */
  readonly to: number;
}

/** To be called by whoever holds the leads that they come from and go to. */
export async function reassignRecords(tx: Tx, moves: readonly RecordMove[]): Promise<void> {
  if (moves.length === 0) return;
  const rows = moves.map(({ crm, object, id, to }) => ({ crm, object, id, to }));
  const moved = sql`${jsonRows(rows)} as t (crm text, object text, id text, "to" bigint)`;
  await sql`
    update leadgrade.records r set lead_id = t."to" from ${moved}
    where r.crm = t.crm and r.object = t.object and r.id = t.id`.execute(tx);
  for (const table of ['activities', 'outcomes'] as const) {
    await sql`
      update ${sql.table(`leadgrade.${table}`)} a set lead_id = t."to" from ${moved}
      where a.crm = t.crm and a.object = t.object and a.record_id = t.id and a.lead_id <> t."to"`.execute(tx);
  }
}

export interface LeadMerge {
  readonly from: number;
  readonly into: number;
}

/**
 * Leads that turn out to be one person with another: all they have, results too, is that one's, and they are no more. Where that
 * one has no score of its own, it goes on from theirs. To be called by whoever holds all of them.
 */
export async function mergeLeads(tx: Tx, unions: readonly LeadMerge[]): Promise<void> {
  if (unions.length === 0) return;
  const united = sql`${jsonRows(unions)} as t ("from" bigint, "into" bigint)`;
  await sql`
    update leadgrade.leads l set result_id = coalesce(l.result_id, past.result_id)
    from (
      select t."into", max(gone.result_id) as result_id from ${united}
      join leadgrade.leads gone on gone.id = t."from" group by t."into"
    ) past
    where l.id = past."into" and past.result_id is not null`.execute(tx);
  for (const table of ['records', 'activities', 'outcomes', 'results'] as const) {
    await sql`
      update ${sql.table(`leadgrade.${table}`)} a set lead_id = t."into" from ${united}
      where a.lead_id = t."from"`.execute(tx);
  }
  await sql`delete from leadgrade.leads l using ${united} where l.id = t."from"`.execute(tx);
}
