// Leads: who is to be scored, and when a score changes by itself.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

/** Marks leads as due; one that is due already keeps its place and its first cause. */
export async function markDue(db: Db, leadIds: readonly number[], cause: string, now: Date): Promise<void> {
  if (leadIds.length === 0) return;
  await sql`
    update leadgrade.leads set due_at = ${now}, due_cause = ${cause}
    where id = any(${[...new Set(leadIds)]}::bigint[]) and due_at is null`.execute(db);
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

/** Marks those whose score changes by itself at `now` or before: the nightly job's work. Gives how many. */
export function markDecayed(db: Kysely<Tables>, now: Date): Promise<number> {
  return inChunks(async (limit) => {
    const result = await sql`
      update leadgrade.leads set due_at = ${now}, due_cause = 'decay'
      where id in (
        select id from leadgrade.leads where next_change_at <= ${now} and due_at is null
        order by next_change_at, id limit ${limit}
      ) and due_at is null`.execute(db);
    return result.numAffectedRows ?? 0n;
  });
}

/** Marks those that were scored with another model, scope or view of the CRM than `basisHash`. Gives how many. */
export function markOutdated(db: Kysely<Tables>, basisHash: string, now: Date): Promise<number> {
  return inChunks(async (limit) => {
    const result = await sql`
      update leadgrade.leads set due_at = ${now}, due_cause = 'model'
      where id in (
        select id from leadgrade.leads where basis_hash <> ${basisHash} and due_at is null order by id limit ${limit}
      ) and due_at is null`.execute(db);
    return result.numAffectedRows ?? 0n;
  });
}
