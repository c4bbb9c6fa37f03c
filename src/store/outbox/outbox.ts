// The outbox: pending writes to the CRMs, one row for each record.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { PRIORITY, type Priority } from '../../domain/priority.ts';
import type { ScoreFieldValues } from '../../domain/score-fields.ts';
import type { Claim } from '../claim.ts';
import { jsonRows } from '../json-rows.ts';
import type { LockedLeads } from '../leads/lock-leads.ts';
import { markDue } from '../leads/mark-due.ts';
import { CURRENT_RESULT_ID } from '../models/other-results.ts';
import { byObject, refKey } from '../records/ref-key.ts';
import { canBeWritten } from '../set-aside/skip-set-aside.ts';
import type { Tables } from '../tables/tables.ts';

export interface OutboxRow extends RecordRef {
  readonly version: number;
  readonly result_id: number | null;
  readonly patch: ScoreFieldValues;
  readonly attempts: number;
}

export interface ClaimedRow extends OutboxRow {
  readonly priority: Priority;
  readonly queued_at: Date;
}

export interface Writable {
  readonly object: string;
  /** Number of rows that a bulk write can contain, as far as they were counted. */
  readonly bulkEligible: number;
  /** A bulk write of this object is running. */
  readonly hasBulkWrite: boolean;
}

/**
 * The rows that a bulk write can contain. A row that failed once is written in batches, as a
 * smaller request can succeed. A lead with a new activity does not wait for a bulk job.
 */
export const BULK_ELIGIBLE = sql`o.attempts = 0 and o.priority > ${PRIORITY.activity}::smallint`;

/**
 * A row in a running bulk write is not written again before the result of the bulk write is known.
 */
const NOT_IN_BULK_WRITE = sql`not exists (
        select from leadgrade.bulk_write_rows b
        where b.crm = o.crm and b.object = o.object and b.record_id = o.record_id
      )`;

/**
 * The rows of one object, by the expression of the index that has them in the order of writing. A plan
 * by the primary key sorts the whole backlog.
 */
export function isOfObject({ crm, object }: { readonly crm: string; readonly object: string }): RawBuilder<boolean> {
  return sql<boolean>`o.crm || '/' || o.object = ${`${crm}/${object}`}`;
}

/**
 * The rows of records of one object. An array: a join with hundreds of keys reads the whole backlog.
 */
export function isOneOf(
  { crm, object }: { readonly crm: string; readonly object: string },
  ids: readonly string[],
): RawBuilder<boolean> {
  return sql<boolean>`o.crm = ${crm} and o.object = ${object} and o.record_id = any(${ids}::text[])`;
}

/**
 * The objects with rows that can be written now, the one with the most urgent row first; none that is set aside.
 * @param countUpTo more rows of an object are not counted
 */
export async function countWritable(
  db: Kysely<Tables>,
  crm: string,
  now: Date,
  countUpTo: number,
): Promise<readonly Writable[]> {
  const isWritable = sql`o.crm || '/' || o.object = k.key and (o.retry_at is null or o.retry_at <= ${now})
      and ${NOT_IN_BULK_WRITE}`;
  // The keys of the index, each found behind the one before: the rows between are not read.
  const { rows } = await sql<Writable>`
    with recursive k as (
      (select crm || '/' || object as key, crm, object from leadgrade.outbox order by crm || '/' || object limit 1)
      union all
      select next.* from k cross join lateral (
        select crm || '/' || object as key, crm, object from leadgrade.outbox
        where crm || '/' || object > k.key order by crm || '/' || object limit 1
      ) next
    )
    select k.object,
      (select count(*) from (
        select from leadgrade.outbox o where ${isWritable} and ${BULK_ELIGIBLE} limit ${countUpTo}
      ) eligible)::integer as "bulkEligible",
      exists (select from leadgrade.bulk_writes b where b.crm = k.crm and b.object = k.object) as "hasBulkWrite"
    from k as k
    cross join lateral (
      select o.priority, o.version from leadgrade.outbox o
      where ${isWritable} and ${canBeWritten(now)} order by o.priority, o.version limit 1
    ) first
    where k.crm = ${crm} order by first.priority, first.version`.execute(db);
  return rows;
}

/**
 * Collects statistics of a backlog if there are none: without them Postgres takes a thousand rows for
 * one, and sorts the whole backlog for each claim. They stay when the outbox is empty again.
 */
export async function analyzeBacklog(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql`
    select from pg_stats where schemaname = 'leadgrade' and tablename = 'outbox' and attname = 'crm'`.execute(db);
  if (rows.length === 0) await sql`analyze leadgrade.outbox`.execute(db);
}

interface OutboxClaim extends Claim {
  readonly object: string;
  /** Only rows of leads with a new activity. */
  readonly urgentOnly?: boolean;
  /** IDs of records that this worker writes at the moment. */
  readonly inFlight?: readonly string[];
}

/**
 * Claims rows of one object by priority, then age. A lease ends at its time, or when the same
 * worker claims again; the records in `inFlight` stay claimed.
 */
export async function claimOutbox(db: Kysely<Tables>, claim: OutboxClaim): Promise<readonly ClaimedRow[]> {
  const { inFlight = [] } = claim;
  const lowest = claim.urgentOnly === true ? PRIORITY.activity : PRIORITY.decay;
  // Materialized: a plan that runs the selection for each row would claim more than the limit. An array: a join
  // of hundreds of rows reads the whole table.
  const { rows } = await sql<ClaimedRow>`
    with t as materialized (
      select record_id from leadgrade.outbox o
      where ${isOfObject(claim)} and (retry_at is null or retry_at <= ${claim.now})
        and priority <= ${lowest}::smallint and ${NOT_IN_BULK_WRITE}
        and (claimed_until is null or claimed_until <= ${claim.now} or claimed_by = ${claim.by})
        and record_id <> all(${inFlight}::text[])
      order by priority, version limit ${claim.limit} for update skip locked
    )
    update leadgrade.outbox o set claimed_by = ${claim.by}, claimed_until = ${claim.until}
    where o.crm = ${claim.crm} and o.object = ${claim.object} and o.record_id = any(array(select record_id from t))
    returning o.object, o.record_id as id, o.version, o.result_id, o.patch, o.attempts, o.priority, o.queued_at`.execute(
    db,
  );
  return rows;
}

/**
 * Releases the claims on rows.
 * @param retryAt the earliest next attempt, which then counts as one more
 */
export async function releaseOutbox(
  db: Kysely<Tables> | Transaction<Tables>,
  crm: string,
  rows: readonly OutboxRow[],
  retryAt: Date | null,
): Promise<void> {
  for (const { object, ids } of byObject(rows)) {
    await sql`
      update leadgrade.outbox o set claimed_by = null, claimed_until = null, retry_at = ${retryAt},
        attempts = o.attempts + case when ${retryAt}::timestamptz is null then 0 else 1 end
      where ${isOneOf({ crm, object }, ids)}`.execute(db);
  }
}

/**
 * Saves that the CRM now holds these values. A row that was replaced by a newer result stays
 * pending. A newer result without a row equaled the CRM's former values and is wrong now: that lead
 * is scored again.
 */
export async function markWritten(
  locked: LockedLeads,
  crm: string,
  rows: readonly (OutboxRow & { readonly modifiedAt: string | null })[],
  now: Date,
): Promise<void> {
  if (rows.length === 0) return;
  const { tx } = locked;
  const written = sql`${jsonRows(rows)} as t (object text, id text, version bigint, result_id bigint, patch jsonb,
    "modifiedAt" timestamptz)`;
  await sql`
    update leadgrade.records r
    set crm_values = t.patch, last_written_values = t.patch, synced_result_id = t.result_id,
        modified_at = greatest(r.modified_at, t."modifiedAt")
    from ${written} where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.erased_at is null`.execute(tx);
  await deleteFromOutbox(tx, crm, rows);
  const replaced = new Set(await releaseReplaced(tx, crm, rows));
  const last = rows.filter((row) => !replaced.has(refKey(row)));
  const { rows: outdated } = await sql<{ id: number }>`
    select l.id from ${jsonRows(last)} as t (object text, id text, result_id bigint)
    join leadgrade.records r on r.crm = ${crm} and r.object = t.object and r.id = t.id and r.state = 'live'
    join leadgrade.leads l on l.id = r.lead_id and ${CURRENT_RESULT_ID} is distinct from t.result_id`.execute(tx);
  await markDue(
    locked,
    outdated.map((lead) => lead.id),
    'changed',
    now,
  );
}

/**
 * Releases the rows of these records that are still there: newer results.
 * @returns the keys of their records
 */
async function releaseReplaced(
  tx: Transaction<Tables>,
  crm: string,
  rows: readonly RecordRef[],
): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const { object, ids } of byObject(rows)) {
    const released = await sql<RecordRef>`
      update leadgrade.outbox o set claimed_by = null, claimed_until = null
      where ${isOneOf({ crm, object }, ids)} returning o.object, o.record_id as id`.execute(tx);
    keys.push(...released.rows.map(refKey));
  }
  return keys;
}

/** Deletes rows, unless a newer result has replaced them: it has another version. */
export async function deleteFromOutbox(
  tx: Transaction<Tables>,
  crm: string,
  rows: readonly (RecordRef & { readonly version: number })[],
): Promise<void> {
  for (const { object, ids, rows: ofObject } of byObject(rows)) {
    const versions = ofObject.map(({ version }) => version);
    await sql`
      delete from leadgrade.outbox o
      where ${isOneOf({ crm, object }, ids)} and o.version = any(${versions}::bigint[])`.execute(tx);
  }
}
