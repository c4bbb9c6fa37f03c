// What is still to be done, counted: for the writer (may a partial batch go?), for commands that follow a run, for readiness.
import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';

export interface PendingWork {
  /** Records to be read again, or whose counters are to be dated. */
  readonly dirty: number;
  /** Leads to be scored, or records whose person is to be looked for before: the larger number, as most are both. */
  readonly due: number;
  /** Results to be written, or whose outcome is not known. */
  readonly outbox: number;
  /** Of these, the ones that wait for a later try. */
  readonly waiting: number;
  /** When the oldest unwritten result was queued. */
  readonly oldestQueuedAt: Date | null;
}

/** Counts stop at a thousand times a full batch: a backlog is a backlog. */
const ENOUGH = 100_000;

/** @param crms those that are set up: what waits for another one waits for ever */
export async function pendingWork(db: Kysely<Tables>, now: Date, crms: readonly string[]): Promise<PendingWork> {
  const isSetUp = sql`crm = any(${crms}::text[])`;
  const { rows } = await sql<{ dirty: number; due: number; outbox: number; waiting: number; oldest: Date | null }>`
    select
      (select count(*) from (select 1 from leadgrade.records where dirty_at is not null and ${isSetUp} limit ${ENOUGH}) d)
        + (select count(*) from (select 1 from leadgrade.records where undated_at is not null and ${isSetUp} limit ${ENOUGH}) u) as dirty,
      greatest((select count(*) from (select 1 from leadgrade.leads where due_at is not null limit ${ENOUGH}) l),
        (select count(*) from (select 1 from leadgrade.unmatched limit ${ENOUGH}) m)) as due,
      (select count(*) from leadgrade.outbox where ${isSetUp})
        + (select count(*) from leadgrade.bulk_write_rows b where ${isSetUp} and not exists (
            select from leadgrade.outbox o where o.crm = b.crm and o.object = b.object and o.record_id = b.record_id
          )) as outbox,
      (select count(*) from leadgrade.outbox where retry_at > ${now} and ${isSetUp}) as waiting,
      (select min(queued_at) from leadgrade.outbox where ${isSetUp}) as oldest`.execute(db);
  const row = rows[0];
  return {
    dirty: Number(row?.dirty ?? 0),
    due: Number(row?.due ?? 0),
    outbox: Number(row?.outbox ?? 0),
    waiting: Number(row?.waiting ?? 0),
    oldestQueuedAt: row?.oldest ?? null,
  };
}

/** Whether every stream of a CRM was read to its end at least once, or is denied: before that a score would be wrong. */
export async function isFirstPullOver(
  db: Kysely<Tables>,
  streams: readonly { crm: string; stream: string }[],
): Promise<boolean> {
  const rows = await db.selectFrom('streams').select(['crm', 'stream', 'completed_at', 'denied']).execute();
  const over = new Set(
    rows.filter((row) => row.completed_at !== null || row.denied !== null).map((row) => `${row.crm}/${row.stream}`),
  );
  return streams.every(({ crm, stream }) => over.has(`${crm}/${stream}`));
}
