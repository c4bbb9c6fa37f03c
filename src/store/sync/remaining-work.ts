// Whether work that was enqueued until an instant is still pending. Later work does not count:
// during the day there is always pending work, so waiting for an empty backlog would never end.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { isDueUntil } from '../leads/mark-due.ts';
import { canBeDated, canBeRead, canBeWritten } from '../set-aside/skip-set-aside.ts';
import type { Tables } from '../tables/tables.ts';

async function hasRows(db: Kysely<Tables>, select: RawBuilder<unknown>): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select exists (${select}) as found`.execute(db);
  return rows[0]?.found ?? false;
}

/** Records of these CRMs to be read; those that are set aside do not count. */
export function hasDirty(
  db: Kysely<Tables>,
  crms: readonly string[],
  { until, now }: { until: Date; now: Date },
): Promise<boolean> {
  return hasRows(
    db,
    sql`select from leadgrade.records r where crm = any(${crms}::text[]) and dirty_at <= ${until} and ${canBeRead(now)}`,
  );
}

/** Records with counter events to be dated. */
export function hasChangedCounters(
  db: Kysely<Tables>,
  crms: readonly string[],
  { until, now }: { until: Date; now: Date },
): Promise<boolean> {
  return hasRows(
    db,
    sql`select from leadgrade.records r where crm = any(${crms}::text[]) and counters_changed_at <= ${until} and ${canBeDated(now)}`,
  );
}

/** Leads to be scored; throttled ones that are due later do not count. */
export function hasDue(db: Kysely<Tables>, until: Date): Promise<boolean> {
  return hasRows(db, sql`select from leadgrade.leads where ${isDueUntil(until)}`);
}

/**
 * Records to be matched.
 * @param until the last row of the queue that counts (`lastMatchQueueSeq`)
 */
export function hasQueuedForMatching(db: Kysely<Tables>, until: number): Promise<boolean> {
  return hasRows(db, sql`select from leadgrade.match_queue where seq <= ${until}`);
}

/** 0 if the queue is empty. */
export async function lastMatchQueueSeq(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ last: number | null }>`select max(seq) as last from leadgrade.match_queue`.execute(db);
  return rows[0]?.last ?? 0;
}

/**
 * Pending writes and bulk writes without a result. Writes that wait for their next attempt do not
 * count, nor do those of an object that is set aside.
 */
export function hasUnwritten(
  db: Kysely<Tables>,
  crms: readonly string[],
  { until, now }: { until: Date; now: Date },
): Promise<boolean> {
  const isSetUp = sql`o.crm = any(${crms}::text[]) and ${canBeWritten(now)}`;
  return hasRows(
    db,
    sql`select from leadgrade.outbox o where ${isSetUp} and queued_at <= ${until} and (retry_at is null or retry_at <= ${now})
      union all
      select from leadgrade.bulk_write_rows o join leadgrade.bulk_writes w using (crm, object)
      where ${isSetUp} and w.opened_at <= ${until} and not exists (
        select from leadgrade.outbox q where q.crm = o.crm and q.object = o.object and q.record_id = o.record_id
      )`,
  );
}
