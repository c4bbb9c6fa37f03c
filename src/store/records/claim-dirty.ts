// Claims dirty records for reading.
import { type Kysely, sql } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import type { Priority } from '../../domain/priority.ts';
import type { Claim } from '../claim.ts';
import { jsonRows } from '../json-rows.ts';
import { canBeRead } from '../set-aside/skip-set-aside.ts';
import type { Tables } from '../tables/tables.ts';

export interface ClaimedRecord extends RecordRef {
  readonly dirty_at: Date;
  readonly priority: Priority;
  /** It was read before, and is deleted or merged as far as is known. */
  readonly wasGone: boolean;
}

/** The columns of a `ClaimedRecord`, of a record `r`. */
const CLAIMED = sql`r.object, r.id, r.dirty_at, r.priority, r.state <> 'live' and r.read_at is not null as "wasGone"`;

/**
 * Claims dirty records by priority, then age. There is no third sort key, as an import marks many
 * records with one instant. Records within their debounce window are skipped, and so are those that
 * are set aside. A lease ends at its time, or when the same worker claims again.
 */
export async function claimDirty(db: Kysely<Tables>, claim: Claim): Promise<readonly ClaimedRecord[]> {
  // Materialized: a plan that runs the selection for each row would claim more than the limit.
  const { rows } = await sql<ClaimedRecord>`
    with t as materialized (
      select object, id from leadgrade.records r
      where crm = ${claim.crm} and dirty_at is not null
        and (claimed_until is null or claimed_until <= ${claim.now} or claimed_by = ${claim.by})
        and (debounced_until is null or debounced_until <= ${claim.now}) and ${canBeRead(claim.now)}
      order by priority, dirty_at limit ${claim.limit} for update skip locked
    )
    update leadgrade.records r set claimed_by = ${claim.by}, claimed_until = ${claim.until}
    from t where r.crm = ${claim.crm} and r.object = t.object and r.id = t.id
    returning ${CLAIMED}`.execute(db);
  // `returning` has no order.
  return rows.toSorted((a, b) => a.priority - b.priority || a.dirty_at.getTime() - b.dirty_at.getTime());
}

/** Claims the dirty flags of records that were set aside. @returns those that are dirty */
export async function claimSetAside(
  db: Kysely<Tables>,
  { crm, by, until }: Pick<Claim, 'crm' | 'by' | 'until'>,
  refs: readonly RecordRef[],
): Promise<readonly ClaimedRecord[]> {
  const { rows } = await sql<ClaimedRecord>`
    update leadgrade.records r set claimed_by = ${by}, claimed_until = ${until}
    from ${jsonRows(refs)} as t (object text, id text)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.dirty_at is not null
    returning ${CLAIMED}`.execute(db);
  return rows;
}

/**
 * Two records of an object that were read before, without `except`. If neither can be read now, the
 * failure of another record says nothing about that record.
 */
export async function readableRecords(
  db: Kysely<Tables>,
  { crm, object, except }: { readonly crm: string; readonly object: string; readonly except: readonly string[] },
): Promise<readonly RecordRef[]> {
  // An array, in the order of the primary key: the plan of `not exists` reads all records.
  const { rows } = await sql<RecordRef>`
    select object, id from leadgrade.records
    where crm = ${crm} and object = ${object} and state = 'live' and read_at is not null and id <> all(${except}::text[])
      and id <> all(array(select part_id from leadgrade.set_aside where crm = ${crm} and stream = ${object}))
    order by id limit 2`.execute(db);
  return rows;
}

/** The earliest end of a debounce window of a dirty record; null if no record waits for one. */
export async function nextDebounceEnd(db: Kysely<Tables>, crm: string, now: Date): Promise<Date | null> {
  const { rows } = await sql<{ end: Date | null }>`
    select min(debounced_until) as end from leadgrade.records
    where crm = ${crm} and dirty_at is not null and debounced_until > ${now}`.execute(db);
  return rows[0]?.end ?? null;
}
