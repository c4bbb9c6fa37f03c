// The leads that left their band without a change of the model or the settings, and the work that may move more.
import { type Kysely, sql, type Transaction } from 'kysely';
import { arrayRows } from '../array-rows.ts';
import { isDueUntil } from '../leads/mark-due.ts';
import type { ScoredLead } from '../leads/scored-lead.ts';
import { canBeRead } from '../set-aside/skip-set-aside.ts';
import type { Tables } from '../tables/tables.ts';

/** A movement of so long ago is the state that later ones are compared with. */
const WINDOW_HOURS = 24;

/**
 * Saves the moves of leads that were scored, and deletes those of leads that are back in their band. Call it before
 * `scored_at` is updated: the first scoring of a lead after a change of the model or the settings never counts.
 */
export async function saveMoves(tx: Transaction<Tables>, scored: readonly ScoredLead[], now: Date): Promise<void> {
  const changed = scored.filter(({ result, unscored, failure }) => failure === undefined && (unscored || result));
  if (changed.length === 0) return;
  const back = arrayRows(
    ['bigint', changed.map(({ leadId }) => leadId)],
    ['text', changed.map(({ result }) => result?.status ?? null)],
  );
  const { rows: returned } = await sql<{ lead_id: number }>`
    delete from leadgrade.guard_moves m using ${back} as t (id, status)
    where m.lead_id = t.id and m.from_status = t.status returning m.lead_id`.execute(tx);
  // The way back is not a move of its own.
  const isBack = new Set(returned.map((row) => row.lead_id));
  const moved = changed.flatMap(({ leadId, move }) =>
    move === undefined || isBack.has(leadId) ? [] : [{ leadId, ...move }],
  );
  if (moved.length === 0) return;
  const rows = arrayRows(
    ['bigint', moved.map(({ leadId }) => leadId)],
    ['text', moved.map(({ from }) => from)],
    ['text', moved.map(({ signal }) => signal)],
  );
  await sql`
    insert into leadgrade.guard_moves (lead_id, from_status, signal, moved_at)
    select t.id, t.from_status, t.signal, ${now}::timestamptz from ${rows} as t (id, from_status, signal)
    join leadgrade.leads l on l.id = t.id
    where coalesce(l.scored_at > (select config_changed_at from leadgrade.scoring_config), true)
    on conflict (lead_id) do update set signal = coalesce(excluded.signal, leadgrade.guard_moves.signal)`.execute(tx);
}

export interface GuardCounts {
  /** Leads outside their band. */
  readonly moved: number;
  /** Leads with a score that will be scored for a reason that can count, or whose records will be read before. */
  readonly pending: number;
}

/** Causes that never count: time, a new model, a threshold, data that is there again, an activity. */
const LEGITIMATE = ['decay', 'model', 'threshold', 'first-threshold', 'data-found', 'activity'];
/** Throttled leads that are due later do not count. */
const SOON_MS = 60_000;
const MAX_PENDING = 100_000;

/** @param readable the CRMs that can be read at this moment */
export async function guardCounts(db: Kysely<Tables>, readable: readonly string[], now: Date): Promise<GuardCounts> {
  const soon = new Date(now.getTime() + SOON_MS);
  const { rows } = await sql<GuardCounts>`
    select (select count(*) from leadgrade.guard_moves)::integer as moved,
      ((select count(*) from (
          select from leadgrade.leads where ${isDueUntil(soon)} and result_id is not null
            and coalesce(due_reason, '') <> all(${LEGITIMATE}::text[]) limit ${MAX_PENDING}
        ) d) + (select count(*) from (
          select from leadgrade.records r join leadgrade.leads l on l.id = r.lead_id and l.result_id is not null
          where r.dirty_at is not null and r.crm = any(${readable}::text[]) and ${canBeRead(now)} limit ${MAX_PENDING}
        ) r))::integer as pending`.execute(db);
  return rows[0] ?? { moved: 0, pending: 0 };
}

/** The number of leads with a score. */
export async function countScored(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ leads: number }>`
    select count(*)::integer as leads from leadgrade.leads where result_id is not null`.execute(db);
  return rows[0]?.leads ?? 0;
}

/** Deletes the moves that are older than a day. */
export async function purgeOldMoves(db: Kysely<Tables>, now: Date): Promise<void> {
  await sql`
    delete from leadgrade.guard_moves
    where moved_at < ${now}::timestamptz - ${WINDOW_HOURS} * interval '1 hour'`.execute(db);
}

export interface Movement {
  /** By criterion or signal, the most frequent first; null = no points explain the move. */
  readonly signals: readonly { readonly signal: string | null; readonly leads: number }[];
  /** Leads of which the CRM holds the new result already. */
  readonly written: number;
}

export async function describeMovement(db: Kysely<Tables>): Promise<Movement> {
  const signals = await sql<{ signal: string | null; leads: number }>`
    select signal, count(*)::integer as leads from leadgrade.guard_moves
    group by signal order by count(*) desc, signal`.execute(db);
  const { rows } = await sql<{ written: number }>`
    select count(*)::integer as written from leadgrade.guard_moves m join leadgrade.leads l on l.id = m.lead_id
    where exists (
      select from leadgrade.records r where r.lead_id = l.id and r.state = 'live' and r.synced_result_id = l.result_id
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
      where v.field = ${field} and v.seen_at > ${now}::timestamptz - ${WINDOW_HOURS} * interval '1 hour'
        and v.value = 'null'::jsonb and exists (
          select from leadgrade.field_values f where f.crm = v.crm and f.object = v.object and f.record_id = v.record_id
            and f.field = v.field and f.seen_at < v.seen_at and f.value <> 'null'::jsonb
        )
    )::integer as emptied`.execute(db);
  const { empty = 0, emptied = 0 } = rows[0] ?? {};
  return { now: empty, before: empty - emptied };
}
