// Rows for records that are known by reference only, so that activities can be saved for them.
import { sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

/** `dirty`: to be read. `being-read`: the caller has just read it and saves it next. */
export type NewRecordState = 'dirty' | 'being-read';

/**
 * Inserts a record and a lead for each reference that has none. The rows are inserted in the order
 * of their keys, so that two transactions that insert the same records cannot deadlock. A
 * transaction that also changes existing records locks their leads first (`withLockedLeads`).
 */
export async function ensureRecords(
  tx: Transaction<Tables>,
  crm: string,
  refs: readonly RecordRef[],
  now: Date,
  state: NewRecordState = 'dirty',
): Promise<void> {
  if (refs.length === 0) return;
  await sql`
    with wanted as (select distinct object, id from ${jsonRows(refs)} as t (object text, id text)),
    missing as (
      select object, id, nextval(pg_get_serial_sequence('leadgrade.leads', 'id')) as lead_id
      from wanted w
      where not exists (select from leadgrade.records r where r.crm = ${crm} and r.object = w.object and r.id = w.id)
    ),
    inserted_leads as (insert into leadgrade.leads (id, created_at) select lead_id, ${now} from missing)
    insert into leadgrade.records (crm, object, id, lead_id, state, fields, crm_values, dirty_at)
    select ${crm}, object, id, lead_id, 'live', '{}', '{}', ${state === 'dirty' ? now : null}::timestamptz from missing
    order by object, id on conflict do nothing`.execute(tx);
}
