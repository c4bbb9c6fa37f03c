// Erases records that their CRM has erased. A tombstone without personal data and a report remain.
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import type { RecordEmails } from '../../domain/person.ts';
import { deleteAddresses } from '../identity/record-addresses.ts';
import { eraseInboxIds } from '../inbox/inbox.ts';
import { jsonRows } from '../json-rows.ts';
import { deleteStates } from '../leads/input/lead-states.ts';
import { type LockedLeads, withLockedLeads } from '../leads/lock-leads.ts';
import { refKey } from '../records/ref-key.ts';
import { clearSetAsideRecords } from '../set-aside/set-aside.ts';
import type { Tables } from '../tables/tables.ts';
import type { UnlinkedCounts } from './erase-unlinked.ts';
import { insertErasures } from './erasures.ts';
import { type ErasableRecord, findErasable } from './find-erasable.ts';

/** The tables with rows by record; all rows of the record are deleted. */
const TABLES_BY_RECORD = [
  'activities',
  'deal_outcomes',
  'field_values',
  'outbox',
  'bulk_write_rows',
  'record_errors',
  'counter_positions',
  'record_links',
  'field_conflicts',
] as const;

interface EraseOptions {
  readonly now: Date;
  /** The rows of `eraseUnlinked`, for the report. */
  readonly unlinked: readonly UnlinkedCounts[];
}

/**
 * Deletes the data of these tombstones and of the records that were merged into them. Results keep
 * their numbers and lose their reasons. Later data for an erased record is ignored, unless a read
 * returns the record as live. Records that are unknown or erased already stay as they are.
 * @returns the erased records
 */
export async function eraseRecords(
  tx: Transaction<Tables>,
  crm: string,
  refs: readonly RecordRef[],
  { now, unlinked }: EraseOptions,
): Promise<readonly RecordEmails[]> {
  const records = await findErasable(tx, crm, refs);
  if (records.length === 0) return [];
  // After the save: it can add merged records, whose leads it did not lock.
  return withLockedLeads(tx, crm, records, async (locked) => {
    const report = new Map<string, Record<string, number>>(
      records.map((record) => [refKey(record), { fields: record.fields }]),
    );
    const count = (table: string, record: RecordRef, rows: number) => {
      const counts = report.get(refKey(record));
      if (counts) counts[table] = rows;
    };
    const rows = sql`${jsonRows(records.map(({ object, id }) => ({ object, id })))} as t (object text, id text)`;
    for (const table of TABLES_BY_RECORD) {
      for (const deleted of await deleteRowsOf(locked, crm, table, rows)) count(table, deleted, deleted.rows);
    }
    await clearSetAsideRecords(tx, crm, records);
    for (const deleted of await eraseInboxIds(tx, crm, records)) count('inbox', deleted, deleted.rows);
    for (const { counts, ...record } of unlinked) {
      for (const [table, deleted] of Object.entries(counts)) count(table, record, deleted);
    }
    await deleteStates(
      locked,
      records.map(({ lead_id }) => lead_id),
    );
    for (const [record, stripped] of await stripResults(locked, records)) count('results', record, stripped);
    // Counted as fields: the primary address is one.
    await deleteAddresses(tx, crm, rows);
    await eraseFields(locked, crm, rows, now);
    await insertErasures(
      tx,
      crm,
      records.map((record) => ({ ...record, counts: report.get(refKey(record)) ?? {} })),
      now,
    );
    return records;
  });
}

async function deleteRowsOf(
  { tx }: LockedLeads,
  crm: string,
  table: (typeof TABLES_BY_RECORD)[number],
  records: RawBuilder<unknown>,
): Promise<readonly (RecordRef & { readonly rows: number })[]> {
  const { rows } = await sql<RecordRef & { rows: number }>`
    with gone as (
      delete from ${sql.table(`leadgrade.${table}`)} d using ${records}
      where d.crm = ${crm} and d.object = t.object and d.record_id = t.id returning d.object, d.record_id
    )
    select object, record_id as id, count(*)::int as rows from gone group by object, record_id`.execute(tx);
  return rows;
}

/**
 * Deletes the reasons of results; the numbers stay.
 * @returns the number of changed results by record
 */
async function stripResults(
  { tx }: LockedLeads,
  records: readonly ErasableRecord[],
): Promise<readonly (readonly [ErasableRecord, number])[]> {
  const { rows: results } = await sql<{ lead_id: number; rows: number }>`
    with stripped as (
      update leadgrade.results set contributions = '[]', gates = '[]'
      where lead_id = any(${records.map(({ lead_id }) => lead_id)}::bigint[]) returning lead_id
    )
    select lead_id, count(*)::int as rows from stripped group by lead_id`.execute(tx);
  const byLead = new Map(results.map(({ lead_id, rows }) => [lead_id, rows]));
  return records.flatMap((record) => {
    const rows = byLead.get(record.lead_id);
    return rows === undefined ? [] : [[record, rows] as const];
  });
}

async function eraseFields({ tx }: LockedLeads, crm: string, records: RawBuilder<unknown>, now: Date): Promise<void> {
  await sql`
    update leadgrade.records r
    set fields = '{}', crm_values = '{}', last_written_values = null, company_id = null, modified_at = null, synced_result_id = null,
        counters = '{}', counters_changed_at = null, dirty_at = null, claimed_by = null, claimed_until = null, erased_at = ${now}
    from ${records} where r.crm = ${crm} and r.object = t.object and r.id = t.id`.execute(tx);
}
