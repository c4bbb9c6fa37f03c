// Whether anything is left of what was asked for until an instant. What is asked for later is somebody else's: in the daytime there is
// always something to do, and who waited for all of it would wait for ever.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';

async function isThere(db: Kysely<Tables>, found: RawBuilder<unknown>): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`select exists (${found}) as there`.execute(db);
  return rows[0]?.there ?? false;
}

/** Records to be read again, of these CRMs. */
export function hasDirty(db: Kysely<Tables>, crms: readonly string[], by: Date): Promise<boolean> {
  return isThere(db, sql`select from leadgrade.records where crm = any(${crms}::text[]) and dirty_at <= ${by}`);
}

/** Records whose counters are to be dated. */
export function hasChangedCounters(db: Kysely<Tables>, crms: readonly string[], by: Date): Promise<boolean> {
  return isThere(
    db,
    sql`select from leadgrade.records where crm = any(${crms}::text[]) and counters_changed_at <= ${by}`,
  );
}

/** Leads to be scored; those that rest until later do not count. */
export function hasDue(db: Kysely<Tables>, by: Date): Promise<boolean> {
  return isThere(db, sql`select from leadgrade.leads where due_at <= ${by}`);
}

/** Records whose person is to be looked for. @param by of the marks, the last one (`lastUnmatched`) */
export function hasQueuedForMatching(db: Kysely<Tables>, by: number): Promise<boolean> {
  return isThere(db, sql`select from leadgrade.match_queue where seq <= ${by}`);
}

/** 0 = none. */
export async function lastMatchQueueSeq(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ last: number | null }>`select max(seq) as last from leadgrade.match_queue`.execute(db);
  return rows[0]?.last ?? 0;
}

/** Results to be written, or whose outcome is not known. Those that wait for a later try do not count. */
export function hasUnwritten(
  db: Kysely<Tables>,
  crms: readonly string[],
  { by, now }: { by: Date; now: Date },
): Promise<boolean> {
  const isSetUp = sql`o.crm = any(${crms}::text[])`;
  return isThere(
    db,
    sql`select from leadgrade.outbox o where ${isSetUp} and queued_at <= ${by} and (retry_at is null or retry_at <= ${now})
      union all
      select from leadgrade.bulk_write_rows o join leadgrade.bulk_writes w using (crm, object)
      where ${isSetUp} and w.opened_at <= ${by} and not exists (
        select from leadgrade.outbox q where q.crm = o.crm and q.object = o.object and q.record_id = o.record_id
      )`,
  );
}
