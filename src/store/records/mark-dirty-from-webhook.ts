// Marks records as dirty that a webhook named. Any number of events for one record sets one dirty
// flag, and a record that was read recently waits for its debounce window.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { chunksOf } from '../../domain/lists/chunks.ts';
import type { Priority } from '../../domain/priority.ts';
import { jsonRows } from '../json-rows.ts';
import { ensureLockedRecords, type LockedLeads, withLockedLeads } from '../leads/lock-leads.ts';
import type { Tables } from '../tables/tables.ts';
import { debounceInterval } from './debounce.ts';
import { refKey } from './ref-key.ts';

export interface WebhookRecord extends RecordRef {
  readonly priority: Priority;
}

export interface DirtyOptions {
  readonly now: Date;
  readonly debounceMs: number;
}

/**
 * Marks records as dirty. A flag that is being read right now gets a later instant, so that the
 * record is read once more after that read. Erased records stay clean.
 */
export function markDirtyFromWebhook(
  tx: Transaction<Tables>,
  crm: string,
  records: readonly WebhookRecord[],
  options: DirtyOptions,
): Promise<void> {
  return withLockedLeads(tx, crm, records, (locked) => markLockedDirty(locked, crm, records, options));
}

/**
 * `markDirtyFromWebhook` within a transaction that holds the leads of the existing records. These
 * must be locked before new records are inserted: the transaction that holds them may be about to
 * insert the same records. The leads of the new ones are locked after the insert, so there are two
 * lock statements.
 */
export async function markLockedDirty(
  locked: LockedLeads,
  crm: string,
  named: readonly WebhookRecord[],
  { now, debounceMs }: DirtyOptions,
): Promise<void> {
  if (named.length === 0) return;
  const records = withHighestPriority(named);
  await ensureLockedRecords(locked, crm, records, now);
  const debounce = debounceInterval(
    debounceMs,
    sql`case when r.dirty_at is null then t.priority else least(r.priority, t.priority) end`,
  );
  await sql`
    update leadgrade.records r
    set dirty_at = case when r.dirty_at is null then ${now}
          when r.claimed_by is null then r.dirty_at
          else greatest(${now}::timestamptz, r.dirty_at + interval '1 millisecond') end,
        priority = case when r.dirty_at is null or r.read_at is null and r.dirty_at = ${now} then t.priority
          else least(r.priority, t.priority) end,
        debounced_until = case when r.read_at + ${debounce} > ${now} then r.read_at + ${debounce} end
    from ${jsonRows(records)} as t (object text, id text, priority smallint)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.erased_at is null`.execute(locked.tx);
}

function withHighestPriority(named: readonly WebhookRecord[]): readonly WebhookRecord[] {
  const unique = new Map<string, WebhookRecord>();
  for (const record of named) {
    const other = unique.get(refKey(record));
    if (other === undefined || record.priority < other.priority) unique.set(refKey(record), record);
  }
  return [...unique.values()];
}

/**
 * Records per transaction. A company can have tens of thousands, and other transactions wait for
 * the locks.
 */
const PAGE = 2_000;

/** One transaction for each page. A caller that is interrupted must repeat the call. */
export async function markDirtyInPages(
  db: Kysely<Tables>,
  crm: string,
  records: readonly WebhookRecord[],
  options: DirtyOptions,
): Promise<void> {
  for (const page of chunksOf(records, PAGE)) {
    await db.transaction().execute((tx) => markDirtyFromWebhook(tx, crm, page, options));
  }
}

/**
 * Marks the live records that had one of these companies at their last read. For a deleted company,
 * a CRM names no records.
 */
export async function markDirtyByCompany(
  db: Kysely<Tables>,
  { crm, companies, priority }: { crm: string; companies: readonly string[]; priority: Priority },
  options: DirtyOptions,
): Promise<void> {
  let after: RecordRef = { object: '', id: '' };
  for (;;) {
    const { rows } = await sql<RecordRef>`
      select object, id from leadgrade.records
      where crm = ${crm} and company_id = any(${companies}::text[]) and state = 'live'
        and (object, id) > (${after.object}, ${after.id})
      order by object, id limit ${PAGE}`.execute(db);
    const page = rows.map((ref) => ({ ...ref, priority }));
    await db.transaction().execute((tx) => markDirtyFromWebhook(tx, crm, page, options));
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last;
  }
}
