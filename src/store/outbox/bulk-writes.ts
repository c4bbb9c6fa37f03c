// Running bulk writes and the rows that each of them contains. The outbox rows stay until their
// results are known, so a bulk job that fails is simply deleted here.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from '../tables/tables.ts';
import { BULK_ELIGIBLE, isOfObject, type OutboxRow } from './outbox.ts';

export interface BulkWrite {
  readonly object: string;
  /** The CRM's id of the bulk job. */
  readonly crm_job_id: string;
  readonly opened_at: Date;
  readonly next_check_at: Date;
}

interface BulkWriteKey {
  readonly crm: string;
  readonly object: string;
}

export async function activeBulkWrites(db: Kysely<Tables>, crm: string): Promise<readonly BulkWrite[]> {
  return db
    .selectFrom('bulk_writes')
    .select(['object', 'crm_job_id', 'opened_at', 'next_check_at'])
    .where('crm', '=', crm)
    .orderBy('object')
    .execute();
}

interface NewBulkWrite extends BulkWriteKey {
  /** The CRM's id of the bulk job. */
  readonly crmJobId: string;
  readonly maxRows: number;
  /** Limit for the patches as text; the first row is always included. */
  readonly maxBytes: number;
  readonly now: Date;
  readonly nextCheckAt: Date;
}

/**
 * Saves a bulk job with the eligible outbox rows, by priority, then age.
 * @returns the number of rows; 0 if a bulk write is running already, or no row is eligible
 */
export function saveBulkWrite(db: Kysely<Tables>, write: NewBulkWrite): Promise<number> {
  const { crm, object, crmJobId, maxRows, maxBytes, now, nextCheckAt } = write;
  return db.transaction().execute(async (tx) => {
    const inserted = await tx
      .insertInto('bulk_writes')
      .values({ crm, object, crm_job_id: crmJobId, opened_at: now, next_check_at: nextCheckAt })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n) return 0;
    const { numAffectedRows = 0n } = await sql`
      insert into leadgrade.bulk_write_rows (crm, object, record_id, version, result_id, patch, attempts)
      select crm, object, record_id, version, result_id, patch, attempts from (
        select o.*, sum(octet_length(patch::text)) over (order by priority, version) as bytes,
          row_number() over (order by priority, version) as row_no
        from leadgrade.outbox o
        where ${isOfObject(write)} and ${BULK_ELIGIBLE} and (retry_at is null or retry_at <= ${now})
        order by priority, version limit ${maxRows}
      ) oldest where row_no = 1 or bytes <= ${maxBytes}`.execute(tx);
    if (numAffectedRows === 0n) await deleteBulkWrite(tx, { crm, object });
    return Number(numAffectedRows);
  });
}

/** The rows of a bulk write behind `after`, ordered by id. */
export async function pageOfBulkRows(
  db: Kysely<Tables>,
  { crm, object, after, limit }: BulkWriteKey & { readonly after: string; readonly limit: number },
): Promise<readonly OutboxRow[]> {
  const { rows } = await sql<OutboxRow>`
    select object, record_id as id, version, result_id, patch, attempts from leadgrade.bulk_write_rows
    where crm = ${crm} and object = ${object} and record_id > ${after} order by record_id limit ${limit}`.execute(db);
  return rows;
}

export async function scheduleBulkCheck(db: Kysely<Tables>, { crm, object }: BulkWriteKey, at: Date): Promise<void> {
  await db
    .updateTable('bulk_writes')
    .set({ next_check_at: at })
    .where('crm', '=', crm)
    .where('object', '=', object)
    .execute();
}

/** Deletes rows whose write results are saved. */
export async function deleteBulkRows(tx: Transaction<Tables>, crm: string, rows: readonly OutboxRow[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const ids = rows.map(({ id }) => id);
  await sql`
    delete from leadgrade.bulk_write_rows
    where crm = ${crm} and object = ${first.object} and record_id = any(${ids}::text[])`.execute(tx);
}

/**
 * Has the rows of a bulk job written in batches after it ends without their results: the next bulk
 * job could fail the same way.
 */
export async function preferBatches(db: Kysely<Tables>, { crm, object }: BulkWriteKey): Promise<void> {
  await sql`
    update leadgrade.outbox o set attempts = greatest(o.attempts, 1) from leadgrade.bulk_write_rows b
    where b.crm = ${crm} and b.object = ${object} and o.crm = b.crm and o.object = b.object and o.record_id = b.record_id`.execute(
    db,
  );
}

/** Deletes a bulk job with its rows. Those that are still in the outbox are written again. */
export async function deleteBulkWrite(
  db: Kysely<Tables> | Transaction<Tables>,
  { crm, object }: BulkWriteKey,
): Promise<void> {
  await db.deleteFrom('bulk_writes').where('crm', '=', crm).where('object', '=', object).execute();
}
