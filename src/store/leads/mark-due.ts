// Marks leads as due for scoring.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import { PRIORITY, type Priority } from '../../domain/priority.ts';
import type { Tables } from '../tables/tables.ts';
import { type LockedLeads, lockMoreLeads } from './lock-leads.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export interface MarkDueOptions {
  /** Default: `PRIORITY.change`. */
  readonly priority?: Priority;
  /** Minimum time between two scorings of a lead. Default: 0. */
  readonly debounceMs?: number;
}

/**
 * Marks leads as due. A lead that is due already keeps its position and its first reason, unless it
 * is now needed earlier or with a higher priority. The reason `decay` is replaced: it says that the
 * lead itself has not changed (lead-states.ts). A throttled lead (rescore-limit.ts) is due at a
 * later instant for the reason `changed`: another `changed` leaves that instant as it is, and any
 * other reason replaces both.
 *
 * The lock must come from an earlier statement. A lead that is being scored looks due until the
 * scoring commits, and the update must see the state after that commit.
 */
export async function markDue(
  locked: LockedLeads,
  leadIds: readonly number[],
  reason: string,
  now: Date,
  { priority = PRIORITY.change, debounceMs = 0 }: MarkDueOptions = {},
): Promise<void> {
  if (leadIds.length === 0) return;
  const ids = [...new Set(leadIds)];
  await lockMoreLeads(locked, ids);
  await sql`
    update leadgrade.leads
    set due_reason = case when due_reason in ('changed', 'decay') then ${reason} else coalesce(due_reason, ${reason}) end,
        priority = case when due_at is null then ${priority}::smallint else least(priority, ${priority}::smallint) end,
        due_at = case when due_reason = 'changed' and ${reason} = 'changed' then due_at
          else least(due_at, greatest(${now}::timestamptz, scored_at + ${debounceMs} * interval '1 millisecond')) end
    where id = any(${ids}::bigint[])
      and (due_at is null or due_at > ${now} or priority > ${priority} or due_reason = 'decay'
        or due_reason = 'changed' and ${reason} <> 'changed')`.execute(locked.tx);
}

const PRIORITIES = Object.values(PRIORITY);

/**
 * Whether a lead is due until an instant. It names every priority, because the index of due leads
 * begins with it.
 */
export function isDueUntil(until: Date): RawBuilder<boolean> {
  return sql<boolean>`priority = any(${PRIORITIES}::smallint[]) and due_at <= ${until}`;
}

/** The earliest instant at which a lead is due; null if none is. */
export async function nextDueAt(db: Db): Promise<Date | null> {
  const { rows } = await sql<{ due_at: Date | null }>`
    select min(first.due_at) as due_at from unnest(${PRIORITIES}::smallint[]) as p (priority)
    cross join lateral (
      select due_at from leadgrade.leads where priority = p.priority and due_at is not null order by due_at limit 1
    ) first`.execute(db);
  return rows[0]?.due_at ?? null;
}

// Small enough not to delay other statements for long: the embedded database has one session for
// all.
const CHUNK = 5_000;

// These statements need no lock first: they mark only leads that are not due, and such a lead is
// not being scored.
async function inChunks(mark: (limit: number) => Promise<bigint>): Promise<number> {
  let marked = 0;
  for (;;) {
    const count = Number(await mark(CHUNK));
    marked += count;
    if (count < CHUNK) return marked;
  }
}

/** Marks leads whose score changes without new activity until `until`. @returns their number */
export function markDueByDecay(db: Kysely<Tables>, now: Date, until: Date = now): Promise<number> {
  return inChunks(async (limit) => {
    // An array: the plan of `in (select ...)` reads all leads for a few due ones.
    const result = await sql`
      update leadgrade.leads set due_at = ${now}, due_reason = 'decay', priority = ${PRIORITY.decay}::smallint
      where id = any(array(
        select id from leadgrade.leads where next_change_at <= ${until} and due_at is null
        order by next_change_at, id limit ${limit}
      )) and due_at is null`.execute(db);
    return result.numAffectedRows ?? 0n;
  });
}
