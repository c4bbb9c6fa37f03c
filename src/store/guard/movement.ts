// What moved the leads of a model, for the message of a hold.
import { type Kysely, sql } from 'kysely';
import { CURRENT_RESULT_ID } from '../models/other-results.ts';
import type { Tables } from '../tables/tables.ts';
import { countedSince, modelColumn } from './moves.ts';

export interface Movement {
  /** By criterion or signal, the most frequent first; null = no points explain the move. */
  readonly signals: readonly { readonly signal: string | null; readonly leads: number }[];
  /** Leads of which the CRM holds the new result already. */
  readonly written: number;
}

/** @param model its key; null = the first one */
export async function describeMovement(db: Kysely<Tables>, model: string | null, now: Date): Promise<Movement> {
  const isCounted = sql<boolean>`m.model = ${modelColumn(model)} and m.moved_at > ${countedSince(now)}`;
  const signals = await sql<{ signal: string | null; leads: number }>`
    select signal, count(*)::integer as leads from leadgrade.guard_moves m
    where ${isCounted} group by signal order by count(*) desc, signal`.execute(db);
  const { rows } = await sql<{ written: number }>`
    select count(*)::integer as written from leadgrade.guard_moves m join leadgrade.leads l on l.id = m.lead_id
    where ${isCounted} and exists (
      select from leadgrade.records r where r.lead_id = l.id and r.state = 'live' and r.synced_result_id = ${CURRENT_RESULT_ID}
        and not exists (
          select from leadgrade.outbox o where o.crm = r.crm and o.object = r.object and o.record_id = r.id
        )
    )`.execute(db);
  return { signals: signals.rows, written: rows[0]?.written ?? 0 };
}

export interface EmptyCounts {
  /** Live records without a value now. */
  readonly now: number;
  /** Live records without a value a day ago. */
  readonly before: number;
}

/** Reads all records: for the message of a hold only. */
export async function countEmpty(db: Kysely<Tables>, field: string, now: Date): Promise<EmptyCounts> {
  const { rows } = await sql<{ empty: number; emptied: number }>`
    with empty as (
      select crm, object, id from leadgrade.records
      where state = 'live' and coalesce(fields -> ${field}, 'null'::jsonb) = 'null'::jsonb
    )
    select (select count(*) from empty)::integer as empty, (
      select count(distinct (e.crm, e.object, e.id)) from empty e
      join leadgrade.field_values v on v.crm = e.crm and v.object = e.object and v.record_id = e.id
      where v.field = ${field} and v.seen_at > ${countedSince(now)}
        and v.value = 'null'::jsonb and exists (
          select from leadgrade.field_values f where f.crm = v.crm and f.object = v.object and f.record_id = v.record_id
            and f.field = v.field and f.seen_at < v.seen_at and f.value <> 'null'::jsonb
        )
    )::integer as emptied`.execute(db);
  const { empty = 0, emptied = 0 } = rows[0] ?? {};
  return { now: empty, before: empty - emptied };
}
