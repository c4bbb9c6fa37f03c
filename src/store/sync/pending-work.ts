// Counts the pending work, for commands that follow a run and for the readiness check.
import { type Kysely, sql } from 'kysely';
import { isDueUntil } from '../leads/mark-due.ts';
import { canBeDated, canBeRead } from '../set-aside/skip-set-aside.ts';
import type { Tables } from '../tables/tables.ts';

export interface PendingWork {
  /** Records to be read, plus records with counter events to be dated; none that are set aside. */
  readonly dirty: number;
  /**
   * Leads to be scored within a minute, or records to be matched before: the larger number, as most
   * are both.
   */
  readonly due: number;
  /** Pending writes, plus bulk writes without a result. */
  readonly outbox: number;
}

/** A larger backlog is not counted further. */
const MAX_COUNT = 10_000;
/** Throttled leads that are due later do not count. */
const SOON_MS = 60_000;

/** @param crms the CRMs that are set up; work for others is never done */
export async function pendingWork(db: Kysely<Tables>, now: Date, crms: readonly string[]): Promise<PendingWork> {
  const isSetUp = sql`crm = any(${crms}::text[])`;
  const soon = new Date(now.getTime() + SOON_MS);
  const { rows } = await sql<PendingWork>`
    select
      (select count(*) from (select 1 from leadgrade.records r where dirty_at is not null and ${isSetUp} and ${canBeRead(now)} limit ${MAX_COUNT}) d)
        + (select count(*) from (select 1 from leadgrade.records r where counters_changed_at is not null and ${isSetUp} and ${canBeDated(now)} limit ${MAX_COUNT}) u) as dirty,
      greatest((select count(*) from (select 1 from leadgrade.leads where ${isDueUntil(soon)} limit ${MAX_COUNT}) l),
        (select count(*) from (select 1 from leadgrade.match_queue limit ${MAX_COUNT}) m)) as due,
      (select n + (select count(*) from (select from leadgrade.bulk_write_rows b where ${isSetUp} and not exists (
          select from leadgrade.outbox o where o.crm = b.crm and o.object = b.object and o.record_id = b.record_id
        ) limit ${MAX_COUNT} - n) b)
        from (select count(*) as n from (select from leadgrade.outbox where ${isSetUp} limit ${MAX_COUNT}) o) o) as outbox`.execute(
    db,
  );
  const count = (of: keyof PendingWork) => Math.min(MAX_COUNT, Number(rows[0]?.[of] ?? 0));
  return { dirty: count('dirty'), due: count('due'), outbox: count('outbox') };
}

/** `3 to read, 412 to score, 10,000+ to write`: a plus for a backlog that was not counted further. */
export function pendingWorkText({ dirty, due, outbox }: PendingWork): string {
  const text = (count: number) => `${count.toLocaleString('en-US')}${count >= MAX_COUNT ? '+' : ''}`;
  return `${text(dirty)} to read, ${text(due)} to score, ${text(outbox)} to write`;
}

/** Whether records can be read or leads scored at this moment, so that more writes will follow. */
export async function isUpstreamBusy(db: Kysely<Tables>, now: Date, crms: readonly string[]): Promise<boolean> {
  const { rows } = await sql<{ busy: boolean }>`
    select exists (select from leadgrade.leads where ${isDueUntil(now)}) or exists (select from leadgrade.match_queue)
      or exists (
        select from leadgrade.records r where crm = any(${crms}::text[]) and dirty_at is not null
          and (debounced_until is null or debounced_until <= ${now}) and ${canBeRead(now)}
      ) or exists (
        select from leadgrade.records r where crm = any(${crms}::text[]) and counters_changed_at is not null and ${canBeDated(now)}
      ) as busy`.execute(db);
  return rows[0]?.busy ?? false;
}
