// The outbox: results that the CRM does not hold yet, one row a record.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { PRIORITY, type Priority } from '../../domain/priority.ts';
import type { ScoreFieldValues } from '../../domain/score-fields.ts';
import type { Claim } from '../claim.ts';
import { jsonRows } from '../json-rows.ts';
import { lockLeadsOfRecords, markDue } from '../leads/mark-due.ts';
import type { Tables } from '../tables/tables.ts';

export interface OutboxRow extends RecordRef {
  readonly version: number;
  readonly result_id: number | null;
  readonly patch: ScoreFieldValues;
  readonly attempts: number;
}

/** One that was taken to be written. */
export interface ClaimedRow extends OutboxRow {
  readonly priority: Priority;
}

export interface Writable {
  readonly object: string;
  /** Of them, those that a bulk write would take. */
  readonly forBulk: number;
  /** One of that object is under way. */
  readonly inBulk: boolean;
}

/** What a bulk write takes: what failed once goes by batches, as a smaller call may get through; and nobody who just did something waits for one. */
export const BULK_ELIGIBLE = sql`o.attempts = 0 and o.priority > ${PRIORITY.activity}::smallint`;

/** Of records that were handed over in bulk, and whose outcome is not known, nobody else writes a newer result before. */
const NOT_HANDED_OVER = sql`not exists (
        select from leadgrade.bulk_write_rows b
        where b.crm = o.crm and b.object = o.object and b.record_id = o.record_id
      )`;

/** The objects of which rows may be written now. */
export async function countWritable(db: Kysely<Tables>, crm: string, now: Date): Promise<readonly Writable[]> {
  const { rows } = await sql<Writable>`
    select o.object, (count(*) filter (where ${BULK_ELIGIBLE}))::integer as "forBulk",
      exists (select from leadgrade.bulk_writes b where b.crm = ${crm} and b.object = o.object) as "inBulk"
    from leadgrade.outbox o
    where o.crm = ${crm} and (o.retry_at is null or o.retry_at <= ${now}) and ${NOT_HANDED_OVER}
    group by o.object order by min(o.version)`.execute(db);
  return rows;
}

interface OutboxClaim extends Claim {
  readonly object: string;
  /** Only of those who did something just now. */
  readonly urgent?: boolean;
}

/** Takes rows of one object to write, the most wanted and then the oldest first. A claim ends by itself, or when the same claimant comes again. */
export async function claimOutbox(db: Kysely<Tables>, claim: OutboxClaim): Promise<readonly ClaimedRow[]> {
  const last = claim.urgent === true ? PRIORITY.activity : PRIORITY.import;
  // Materialized: a plan that runs the selection once a row would take more than the limit.
  const { rows } = await sql<ClaimedRow>`
    with t as materialized (
      select object, record_id from leadgrade.outbox o
      where crm = ${claim.crm} and object = ${claim.object} and (retry_at is null or retry_at <= ${claim.now})
        and priority <= ${last}::smallint and ${NOT_HANDED_OVER}
        and (claimed_until is null or claimed_until <= ${claim.now} or claimed_by = ${claim.by})
      order by priority, version limit ${claim.limit} for update skip locked
    )
    update leadgrade.outbox o set claimed_by = ${claim.by}, claimed_until = ${claim.until}
    from t where o.crm = ${claim.crm} and o.object = t.object and o.record_id = t.record_id
    returning o.object, o.record_id as id, o.version, o.result_id, o.patch, o.attempts, o.priority`.execute(db);
  return rows;
}

/** When the oldest unwritten result was queued. */
export async function oldestQueuedAt(db: Kysely<Tables>, crms: readonly string[]): Promise<Date | null> {
  const { rows } = await sql<{ oldest: Date | null }>`
    select min(queued_at) as oldest from leadgrade.outbox where crm = any(${crms}::text[])`.execute(db);
  return rows[0]?.oldest ?? null;
}

/** Gives rows back, to be written at `retryAt` at the earliest. */
export async function releaseOutbox(
  db: Kysely<Tables> | Transaction<Tables>,
  crm: string,
  rows: readonly OutboxRow[],
  retryAt: Date | null,
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    update leadgrade.outbox o set claimed_by = null, claimed_until = null, retry_at = ${retryAt},
      attempts = o.attempts + case when ${retryAt}::timestamptz is null then 0 else 1 end
    from ${jsonRows(rows)} as t (object text, id text)
    where o.crm = ${crm} and o.object = t.object and o.record_id = t.id`.execute(db);
}

/**
 * The CRM holds these now. A row that a newer result replaced meanwhile stays, to be written too; where a newer result was
 * settled without one (it equals what the CRM held before), the lead is scored again, and then written.
 */
export async function markWritten(
  tx: Transaction<Tables>,
  crm: string,
  rows: readonly (OutboxRow & { readonly modifiedAt: string | null })[],
  now: Date,
): Promise<void> {
  if (rows.length === 0) return;
  await lockLeadsOfRecords(tx, crm, rows);
  const written = sql`${jsonRows(rows)} as t (object text, id text, version bigint, result_id bigint, patch jsonb,
    "modifiedAt" timestamptz)`;
  await sql`
    update leadgrade.records r
    set crm_values = t.patch, last_written_values = t.patch, synced_result_id = t.result_id,
        modified_at = greatest(r.modified_at, t."modifiedAt")
    from ${written} where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.erased_at is null`.execute(tx);
  await deleteFromOutbox(tx, crm, rows);
  await sql`
    update leadgrade.outbox o set claimed_by = null, claimed_until = null
    from ${written} where o.crm = ${crm} and o.object = t.object and o.record_id = t.id`.execute(tx);
  const { rows: outdated } = await sql<{ id: number }>`
    select l.id from ${written}
    join leadgrade.records r on r.crm = ${crm} and r.object = t.object and r.id = t.id and r.state = 'live'
    join leadgrade.leads l on l.id = r.lead_id and l.result_id is distinct from t.result_id
    where not exists (
      select from leadgrade.outbox o where o.crm = ${crm} and o.object = t.object and o.record_id = t.id
    )`.execute(tx);
  await markDue(
    tx,
    outdated.map((lead) => lead.id),
    'changed',
    now,
  );
}

/** Removes rows, unless a newer result replaced them meanwhile. */
export async function deleteFromOutbox(
  tx: Transaction<Tables>,
  crm: string,
  rows: readonly (RecordRef & { readonly version: number })[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    delete from leadgrade.outbox o using ${jsonRows(rows)} as t (object text, id text, version bigint)
    where o.crm = ${crm} and o.object = t.object and o.record_id = t.id and o.version = t.version`.execute(tx);
}
