// What is still to be done, counted: for commands that follow a run, for readiness; and whether more is about to come.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';

export interface PendingWork {
  /** Records to be read again, or whose counters are to be dated. */
  readonly dirty: number;
  /** Leads to be scored (those that rest for longer are not waited for), or records whose person is to be looked for before: the larger number, as most are both. */
  readonly due: number;
  /** Results to be written, or whose outcome is not known. */
  readonly outbox: number;
  /** Of these, the ones that wait for a later try. */
  readonly waiting: number;
}

/** Counts stop at a thousand times a full batch: a backlog is a backlog. */
const ENOUGH = 100_000;
const A_MOMENT_MS = 60_000;

/** @param crms those that are set up: what waits for another one waits for ever */
export async function pendingWork(db: Kysely<Tables>, now: Date, crms: readonly string[]): Promise<PendingWork> {
  const isSetUp = sql`crm = any(${crms}::text[])`;
  const soon = new Date(now.getTime() + A_MOMENT_MS);
  const { rows } = await sql<{ dirty: number; due: number; outbox: number; waiting: number }>`
    select
      (select count(*) from (select 1 from leadgrade.records where dirty_at is not null and ${isSetUp} limit ${ENOUGH}) d)
        + (select count(*) from (select 1 from leadgrade.records where counters_changed_at is not null and ${isSetUp} limit ${ENOUGH}) u) as dirty,
      greatest((select count(*) from (select 1 from leadgrade.leads where due_at <= ${soon} limit ${ENOUGH}) l),
        (select count(*) from (select 1 from leadgrade.match_queue limit ${ENOUGH}) m)) as due,
      (select count(*) from leadgrade.outbox where ${isSetUp})
        + (select count(*) from leadgrade.bulk_write_rows b where ${isSetUp} and not exists (
            select from leadgrade.outbox o where o.crm = b.crm and o.object = b.object and o.record_id = b.record_id
          )) as outbox,
      (select count(*) from leadgrade.outbox where retry_at > ${now} and ${isSetUp}) as waiting`.execute(db);
  const row = rows[0];
  return {
    dirty: Number(row?.dirty ?? 0),
    due: Number(row?.due ?? 0),
    outbox: Number(row?.outbox ?? 0),
    waiting: Number(row?.waiting ?? 0),
  };
}

/** Whether anything is to be read or scored right now, so that more results are about to come. */
export async function isUpstreamBusy(db: Kysely<Tables>, now: Date, crms: readonly string[]): Promise<boolean> {
  const { rows } = await sql<{ more: boolean }>`
    select exists (select from leadgrade.leads where due_at <= ${now}) or exists (select from leadgrade.match_queue)
      or exists (
        select from leadgrade.records where crm = any(${crms}::text[]) and dirty_at is not null
          and (debounced_until is null or debounced_until <= ${now})
      ) or exists (select from leadgrade.records where crm = any(${crms}::text[]) and counters_changed_at is not null) as more`.execute(
    db,
  );
  return rows[0]?.more ?? false;
}

/** Whether every stream of a CRM was read to its end at least once, or is denied: before that a score would be wrong. */
export async function areStreamsComplete(
  db: Kysely<Tables>,
  streams: readonly { crm: string; stream: string }[],
): Promise<boolean> {
  const rows = await db.selectFrom('streams').select(['crm', 'stream', 'completed_at', 'unavailable_reason']).execute();
  const over = new Set(
    rows
      .filter((row) => row.completed_at !== null || row.unavailable_reason !== null)
      .map((row) => `${row.crm}/${row.stream}`),
  );
  return streams.every(({ crm, stream }) => over.has(`${crm}/${stream}`));
}
