// Leads: who is to be scored, and when a score changes by itself.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { PRIORITY, type Priority } from '../../domain/priority.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

/**
 * Holds the leads of these records until the transaction ends. Whoever changes what a lead is scored from holds it first: a
 * scoring under way has read the old state, and would clear a mark that is made before it ends.
 */
export async function lockLeadsOfRecords(
  tx: Transaction<Tables>,
  crm: string,
  refs: readonly RecordRef[],
): Promise<void> {
  if (refs.length === 0) return;
  const ofRecords = sql`
    select r.lead_id from leadgrade.records r
    join ${jsonRows(refs.map(({ object, id }) => ({ object, id })))} as t (object text, id text)
      on r.object = t.object and r.id = t.id
    where r.crm = ${crm}`;
  for (;;) {
    // By id, so that two who hold the same leads never wait for each other.
    const { rows: held } = await sql<{ id: number }>`
      select id from leadgrade.leads where id in (${ofRecords}) order by id for no key update`.execute(tx);
    const ids = held.map(({ id }) => id);
    // Materialized: else every record of the CRM is compared with all of these ids.
    const { rows: moved } = await sql`
      with r as materialized (${ofRecords}) select from r where lead_id <> all(${ids}::bigint[]) limit 1`.execute(tx);
    // Records that went over to another lead, while somebody who held theirs was waited for.
    if (moved.length === 0) return;
  }
}

/** Holds leads until the transaction ends. */
export async function lockLeads(tx: Transaction<Tables>, ids: readonly number[]): Promise<void> {
  await sql`
    select from leadgrade.leads where id = any(${[...new Set(ids)]}::bigint[]) order by id for no key update`.execute(
    tx,
  );
}

export interface MarkDueOptions {
  /** Absent: as any change. */
  readonly priority?: Priority;
  /** A lead that was scored less than this ago waits until that is over. Absent: it does not wait. */
  readonly debounceMs?: number;
}

/**
 * Marks leads as due; one that is due already keeps its place and its first cause, unless it is wanted sooner now. Only so many changes
 * of its records have a lead scored in an hour (score-breaker.ts): a lead that rests for that, and so is due as changed at a later
 * instant, is woken by no further change, and by everything else, before which the cause `changed` gives way.
 * In two statements: one that is being scored looks due until that ends, and the second statement sees how it ended.
 */
export async function markDue(
  db: Db,
  leadIds: readonly number[],
  cause: string,
  now: Date,
  { priority = PRIORITY.change, debounceMs = 0 }: MarkDueOptions = {},
): Promise<void> {
  if (leadIds.length === 0) return;
  const ids = [...new Set(leadIds)];
  await sql`select from leadgrade.leads where id = any(${ids}::bigint[]) order by id for no key update`.execute(db);
  await sql`
    update leadgrade.leads
    set due_reason = coalesce(nullif(due_reason, 'changed'), ${cause}),
        priority = case when due_at is null then ${priority}::smallint else least(priority, ${priority}::smallint) end,
        due_at = case when due_reason = 'changed' and ${cause} = 'changed' then due_at
          else least(due_at, greatest(${now}::timestamptz, scored_at + ${debounceMs} * interval '1 millisecond')) end
    where id = any(${ids}::bigint[])
      and (due_at is null or due_at > ${now} or priority > ${priority} or due_reason = 'changed' and ${cause} <> 'changed')`.execute(
    db,
  );
}

/** When the next lead is due; null = none is. */
export async function nextDueAt(db: Db): Promise<Date | null> {
  const { rows } = await sql<{ due_at: Date | null }>`select min(due_at) as due_at from leadgrade.leads`.execute(db);
  return rows[0]?.due_at ?? null;
}

// Small enough that the statement does not hold up the others of an embedded database, which has one session for all.
const CHUNK = 5_000;

async function inChunks(mark: (limit: number) => Promise<bigint>): Promise<number> {
  let marked = 0;
  for (;;) {
    const count = Number(await mark(CHUNK));
    marked += count;
    if (count < CHUNK) return marked;
  }
}

/** Marks those whose score changes by itself at `until` or before: the nightly job's work. Gives how many. */
export function markDueByDecay(db: Kysely<Tables>, now: Date, until: Date = now): Promise<number> {
  return inChunks(async (limit) => {
    const result = await sql`
      update leadgrade.leads set due_at = ${now}, due_reason = 'decay', priority = ${PRIORITY.change}::smallint
      where id in (
        select id from leadgrade.leads where next_change_at <= ${until} and due_at is null
        order by next_change_at, id limit ${limit}
      ) and due_at is null`.execute(db);
    return result.numAffectedRows ?? 0n;
  });
}

/** Marks those that were scored with another model, scope or view of the CRM than `basisHash`. Gives how many. */
export function markDueByInputs(db: Kysely<Tables>, basisHash: string, now: Date): Promise<number> {
  return inChunks(async (limit) => {
    const result = await sql`
      update leadgrade.leads set due_at = ${now}, due_reason = 'model', priority = ${PRIORITY.change}::smallint
      where id in (
        select id from leadgrade.leads where scoring_inputs_hash <> ${basisHash} and due_at is null order by id limit ${limit}
      ) and due_at is null`.execute(db);
    return result.numAffectedRows ?? 0n;
  });
}
