// Errors of records that could not be read, scored or written completely: one row for each record,
// stage and field. A row is deleted when the step succeeds.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { LeadSnapshot, RecordLink, RecordRef } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import { byObject } from '../records/ref-key.ts';
import type { ErrorStage } from '../tables/leads.ts';
import type { Tables } from '../tables/tables.ts';
import { withLockedLeadIds } from './lock-leads.ts';
import { markDue } from './mark-due.ts';

export interface RecordProblem {
  readonly ref: RecordRef;
  readonly stage: ErrorStage;
  /** The canonical field concerned; empty for the whole record. */
  readonly field: string;
  readonly code: string;
  readonly message: string;
  readonly fix?: string | undefined;
}

type Db = Kysely<Tables> | Transaction<Tables>;

/** Upserts errors; one that exists already gets one more occurrence. */
export async function recordErrors(db: Db, crm: string, problems: readonly RecordProblem[], now: Date): Promise<void> {
  if (problems.length === 0) return;
  const rows = problems.map(({ ref, stage, field, code, message, fix }) => ({
    ...ref,
    stage,
    field,
    code,
    message,
    fix: fix ?? null,
  }));
  await sql`
    insert into leadgrade.record_errors as e (crm, object, record_id, stage, field, code, message, fix, first_at, last_at)
    select distinct on (object, id, stage, field) ${crm}, object, id, stage, field, code, message, fix, ${now}::timestamptz, ${now}::timestamptz
    from ${jsonRows(rows)} as t (object text, id text, stage text, field text, code text, message text, fix text)
    on conflict (crm, object, record_id, stage, field)
    do update set code = excluded.code, message = excluded.message, fix = excluded.fix, last_at = ${now},
      occurrences = e.occurrences + 1`.execute(db);
}

/** Replaces the read errors of these records by the problems of the present read. */
export async function replaceReadErrors(
  db: Db,
  crm: string,
  snapshots: readonly LeadSnapshot[],
  now: Date,
): Promise<void> {
  const problems = snapshots.flatMap((snapshot) =>
    snapshot.problems.map((problem) => ({
      ref: snapshot.ref,
      stage: 'read' as const,
      field: problem.field,
      code: 'BAD_VALUE',
      message: problem.message,
      fix: 'Correct the value in the CRM, or its conversion in the mapping.',
    })),
  );
  const rows = snapshots.map(({ ref, problems: found }) => ({ ...ref, fields: found.map((each) => each.field) }));
  await sql`
    delete from leadgrade.record_errors e using ${jsonRows(rows)} as t (object text, id text, fields jsonb)
    where e.crm = ${crm} and e.object = t.object and e.record_id = t.id and e.stage = 'read'
      and not t.fields ? e.field`.execute(db);
  await recordErrors(db, crm, problems, now);
}

/** Deletes the errors of these records at a stage that succeeded. */
export async function clearErrors(db: Db, crm: string, stage: ErrorStage, refs: readonly RecordRef[]): Promise<void> {
  for (const { object, ids } of byObject(refs)) {
    await sql`
      delete from leadgrade.record_errors
      where crm = ${crm} and object = ${object} and record_id = any(${ids}::text[]) and stage = ${stage}`.execute(db);
  }
}

export interface ListedError {
  readonly id: number;
  readonly crm: string;
  readonly object: string;
  readonly record_id: string;
  readonly stage: ErrorStage;
  readonly field: string;
  readonly code: string;
  readonly message: string;
  readonly fix: string | null;
  readonly first_at: Date;
  readonly last_at: Date;
  readonly occurrences: number;
}

/** Errors with an id above `after`, oldest first. `records`: only the errors of these; null = all. */
export async function listErrors(
  db: Kysely<Tables>,
  page: { after: number; limit: number; records?: readonly RecordLink[] | null },
): Promise<readonly ListedError[]> {
  const records = page.records ?? null;
  return db
    .selectFrom('record_errors as e')
    .selectAll()
    .where('id', '>', page.after)
    .$if(records !== null, (query) =>
      query.where(
        sql<boolean>`(e.crm, e.object, e.record_id) in (select crm, object, id from ${recordRows(records ?? [])})`,
      ),
    )
    .orderBy('id')
    .limit(page.limit)
    .execute();
}

/** Records as rows: crm, object, id. */
function recordRows(records: readonly RecordLink[]) {
  const rows = jsonRows(records.map(({ crm, object, id }) => ({ crm, object, id })));
  return sql`${rows} as t (crm text, object text, id text)`;
}

/** @param crms the CRMs that are set up; errors of others cannot be fixed */
export async function countErrors(db: Kysely<Tables>, crms: readonly string[]): Promise<number> {
  const row = await db
    .selectFrom('record_errors')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('crm', 'in', [...crms])
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/**
 * Retries all errors, or those of one stage or of some records: marks their records as dirty, and their leads as due
 * for scoring and writing, throttled leads included.
 * @returns the number of records
 */
export async function retryErrors(
  db: Kysely<Tables>,
  now: Date,
  stage: ErrorStage | null = null,
  records: readonly RecordLink[] | null = null,
): Promise<number> {
  const isRetried =
    records === null
      ? sql`true`
      : sql`exists (
    select from ${recordRows(records)}
    where t.crm = r.crm and t.object = r.object and t.id = r.id
  )`;
  const listed = sql`
    leadgrade.records r where r.state = 'live' and ${isRetried} and (r.crm, r.object, r.id) in (
      select crm, object, record_id from leadgrade.record_errors where ${stage}::text is null or stage = ${stage}
    )`;
  return db.transaction().execute(async (tx) => {
    const { rows: leads } = await sql<{ id: number }>`select distinct r.lead_id as id from ${listed}`.execute(tx);
    const ids = leads.map(({ id }) => id);
    return withLockedLeadIds(tx, ids, async (locked) => {
      const { numAffectedRows: retried } = await sql`
        update leadgrade.records r set dirty_at = ${now}, synced_result_id = null
        where (r.crm, r.object, r.id) in (select r.crm, r.object, r.id from ${listed} and r.lead_id = any(${ids}::bigint[]))`.execute(
        tx,
      );
      await markDue(locked, ids, 'retry', now);
      return Number(retried ?? 0n);
    });
  });
}
