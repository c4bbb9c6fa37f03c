// Bulk writes under way: which rows of the outbox a CRM was handed as one job. The outbox keeps them until their outcomes are known,
// so that a job that comes to nothing needs only be forgotten.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from '../tables/tables.ts';
import { BULK_ELIGIBLE, type OutboxRow } from './outbox.ts';

export interface BulkWrite {
  readonly object: string;
  /** The CRM's id of it. */
  readonly crm_job_id: string;
  readonly opened_at: Date;
  readonly next_check_at: Date;
}

interface Key {
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

interface NewBulkWrite extends Key {
  readonly job: string;
  /** Rows at most. */
  readonly most: number;
  /** Of their patches as text, at most; one row is always taken. */
  readonly mostBytes: number;
  readonly now: Date;
  readonly nextCheckAt: Date;
}

/** Keeps the job and the rows that it takes from the outbox: those for bulk writes, oldest first. Gives how many; 0: one is under way, or none is left. */
export function saveBulkWrite(db: Kysely<Tables>, write: NewBulkWrite): Promise<number> {
  const { crm, object, job, most, mostBytes, now, nextCheckAt } = write;
  return db.transaction().execute(async (tx) => {
    const kept = await tx
      .insertInto('bulk_writes')
      .values({ crm, object, crm_job_id: job, opened_at: now, next_check_at: nextCheckAt })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (kept.numInsertedOrUpdatedRows !== 1n) return 0;
    const { numAffectedRows = 0n } = await sql`
      insert into leadgrade.bulk_write_rows (crm, object, record_id, version, result_id, patch, attempts)
      select crm, object, record_id, version, result_id, patch, attempts from (
        select o.*, sum(octet_length(patch::text)) over (order by version) as bytes, row_number() over (order by version) as place
        from leadgrade.outbox o
        where crm = ${crm} and object = ${object} and ${BULK_ELIGIBLE} and (retry_at is null or retry_at <= ${now})
        order by version limit ${most}
      ) oldest where place = 1 or bytes <= ${mostBytes}`.execute(tx);
    if (numAffectedRows === 0n) await deleteBulkWrite(tx, { crm, object });
    return Number(numAffectedRows);
  });
}

/** A page of what was sent, by id, behind `after`. */
export async function pageOfBulkRows(
  db: Kysely<Tables>,
  { crm, object, after, limit }: Key & { readonly after: string; readonly limit: number },
): Promise<readonly OutboxRow[]> {
  const { rows } = await sql<OutboxRow>`
    select object, record_id as id, version, result_id, patch, attempts from leadgrade.bulk_write_rows
    where crm = ${crm} and object = ${object} and record_id > ${after} order by record_id limit ${limit}`.execute(db);
  return rows;
}

export async function scheduleBulkCheck(db: Kysely<Tables>, { crm, object }: Key, at: Date): Promise<void> {
  await db
    .updateTable('bulk_writes')
    .set({ next_check_at: at })
    .where('crm', '=', crm)
    .where('object', '=', object)
    .execute();
}

/** The outcomes of these rows have been kept. */
export async function deleteBulkRows(tx: Transaction<Tables>, crm: string, rows: readonly OutboxRow[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const ids = rows.map(({ id }) => id);
  await sql`
    delete from leadgrade.bulk_write_rows
    where crm = ${crm} and object = ${first.object} and record_id = any(${ids}::text[])`.execute(tx);
}

/** Forgets the job and its rows: what of them is still in the outbox is written anew. */
export async function deleteBulkWrite(db: Kysely<Tables> | Transaction<Tables>, { crm, object }: Key): Promise<void> {
  await db.deleteFrom('bulk_writes').where('crm', '=', crm).where('object', '=', object).execute();
}
