// Row locks on leads. A change of what a lead is scored from needs the lock of that lead: a scoring
// that runs at the same time has read the old state, and its commit would clear a due mark that was
// set before it. Scoring itself locks due leads in due-leads.ts.
//
// Lock order: each statement locks its leads in ascending id order, so that two transactions that
// lock the same leads cannot deadlock. A transaction therefore locks all leads that it knows of in
// one call. Events of a site and rows without a record (erase-unlinked.ts) are locked before leads.
import { sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import { ensureRecords, type NewRecordState } from './ensure-records.ts';

type Tx = Transaction<Tables>;

/** The class is not exported: no other file can create an instance. */
class LeadLocks {
  /** The transaction that holds the locks. */
  readonly tx: Tx;
  readonly #ids = new Set<number>();

  constructor(tx: Tx) {
    this.tx = tx;
  }

  add(ids: readonly number[]): void {
    for (const id of ids) this.#ids.add(id);
  }

  missing(ids: readonly number[]): readonly number[] {
    return [...new Set(ids)].filter((id) => !this.#ids.has(id));
  }
}

/**
 * Proof that `tx` holds locks on leads until it ends. A function with such a parameter marks leads
 * as due, or changes what they are scored from.
 */
export type LockedLeads = LeadLocks;

/** Runs `work` with the leads of these records locked. Records without a row have no lead yet. */
export async function withLockedLeads<T>(
  tx: Tx,
  crm: string,
  refs: readonly RecordRef[],
  work: (locked: LockedLeads) => Promise<T>,
): Promise<T> {
  const locked = new LeadLocks(tx);
  await lockLeadsOfRecords(locked, crm, refs);
  return work(locked);
}

/** Runs `work` with these leads locked. */
export async function withLockedLeadIds<T>(
  tx: Tx,
  ids: readonly number[],
  work: (locked: LockedLeads) => Promise<T>,
): Promise<T> {
  const locked = new LeadLocks(tx);
  await lockMoreLeads(locked, ids);
  return work(locked);
}

/**
 * Locks those of the leads that `locked` does not contain yet.
 * @returns false if it contained all of them
 */
export async function lockMoreLeads(locked: LockedLeads, ids: readonly number[]): Promise<boolean> {
  const missing = locked.missing(ids);
  if (missing.length === 0) return false;
  await sql`
    select from leadgrade.leads where id = any(${missing}::bigint[]) order by id for no key update`.execute(locked.tx);
  locked.add(missing);
  return true;
}

/** Creates the records that are missing, and adds the leads of all `refs` to the locked ones. */
export async function ensureLockedRecords(
  locked: LockedLeads,
  crm: string,
  refs: readonly RecordRef[],
  now: Date,
  state: NewRecordState = 'dirty',
): Promise<void> {
  await ensureRecords(locked.tx, crm, refs, now, state);
  await lockLeadsOfRecords(locked, crm, refs);
}

async function lockLeadsOfRecords(locked: LockedLeads, crm: string, refs: readonly RecordRef[]): Promise<void> {
  if (refs.length === 0) return;
  const leadIds = sql`
    select r.lead_id from leadgrade.records r
    join ${jsonRows(refs.map(({ object, id }) => ({ object, id })))} as t (object text, id text)
      on r.object = t.object and r.id = t.id
    where r.crm = ${crm}`;
  for (;;) {
    const { rows } = await sql<{ id: number }>`
      select id from leadgrade.leads where id in (${leadIds}) order by id for no key update`.execute(locked.tx);
    const ids = rows.map(({ id }) => id);
    locked.add(ids);
    // Materialized: otherwise every record of the CRM is compared with all of these ids.
    const { rows: moved } = await sql`
      with r as materialized (${leadIds}) select from r where lead_id <> all(${ids}::bigint[]) limit 1`.execute(
      locked.tx,
    );
    // A record can move to another lead while this transaction waits for a lock. Lock that lead
    // too.
    if (moved.length === 0) return;
  }
}
