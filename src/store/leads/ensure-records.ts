// A record that something is known of has a row, and a lead to be scored.
import { sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

/**
 * Makes a lead and a record for each ref that has none; unless they are being read just now, they are dirty until they are. In their
 * order, so that two who make the same never wait for each other; whoever changes others, too, holds their leads before.
 */
export async function ensureRecords(
  tx: Transaction<Tables>,
  crm: string,
  refs: readonly RecordRef[],
  now: Date,
  state: 'dirty' | 'being-read' = 'dirty',
): Promise<void> {
  if (refs.length === 0) return;
  await sql`
    with wanted as (select distinct object, id from ${jsonRows(refs)} as t (object text, id text)),
    missing as (
      select object, id, nextval(pg_get_serial_sequence('leadgrade.leads', 'id')) as lead_id
      from wanted w
      where not exists (select from leadgrade.records r where r.crm = ${crm} and r.object = w.object and r.id = w.id)
    ),
    made as (insert into leadgrade.leads (id, created_at) select lead_id, ${now} from missing)
    insert into leadgrade.records (crm, object, id, lead_id, state, fields, crm_values, dirty_at)
    select ${crm}, object, id, lead_id, 'live', '{}', '{}', ${state === 'dirty' ? now : null}::timestamptz from missing
    order by object, id on conflict do nothing`.execute(tx);
}
