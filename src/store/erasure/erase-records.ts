// Erasing a record that its CRM has erased: what is left is a tombstone without personal data, and a report.
import { createHash } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import type { NamedRecord } from '../../domain/person.ts';
import { eraseInboxIds } from '../inbox/inbox.ts';
import { jsonRows } from '../json-rows.ts';
import { lockLeadsOfRecords } from '../leads/mark-due.ts';
import type { Tables } from '../tables/tables.ts';
import type { UnlinkedCounts } from './erase-unlinked.ts';

type Tx = Transaction<Tables>;

/** Everything that is kept by record: all rows of it go. */
const BY_RECORD = [
  'activities',
  'outcomes',
  'field_values',
  'outbox',
  'bulk_write_rows',
  'errors',
  'counters',
  'links',
  'conflicts',
] as const;

interface ToBeErased extends NamedRecord {
  readonly lead_id: number;
  readonly fields: number;
}

/**
 * Deletes what is known of these records, which are there no more, and of those that were merged into them. Their scores stay as
 * numbers, without reasons. What comes later for them is ignored: only a read that shows such a record alive makes it one again.
 * Records that are erased already, or were never known, change nothing.
 * @param unattached what was erased of them before, for the report
 * @returns those that were erased
 */
export async function eraseRecords(
  tx: Tx,
  crm: string,
  refs: readonly RecordRef[],
  { now, unattached }: { readonly now: Date; readonly unattached: readonly UnlinkedCounts[] },
): Promise<readonly NamedRecord[]> {
  const all = await findErasable(tx, crm, refs);
  if (all.length === 0) return [];
  await lockLeadsOfRecords(tx, crm, all);
  const records = sql`${jsonRows(all.map(({ object, id }) => ({ object, id })))} as t (object text, id text)`;
  const counts = new Map<string, Record<string, number>>(
    all.map(({ object, id, fields }) => [`${object}/${id}`, { fields }]),
  );
  const count = (table: string, { object, id }: RecordRef, rows: number) => {
    const counted = counts.get(`${object}/${id}`);
    if (counted) counted[table] = rows;
  };
  for (const table of BY_RECORD) {
    const { rows } = await sql<RecordRef & { rows: number }>`
      with gone as (
        delete from ${sql.table(`leadgrade.${table}`)} d using ${records}
        where d.crm = ${crm} and d.object = t.object and d.record_id = t.id returning d.object, d.record_id
      )
      select object, record_id as id, count(*)::int as rows from gone group by object, record_id`.execute(tx);
    for (const row of rows) count(table, row, row.rows);
  }
  for (const row of await eraseInboxIds(tx, crm, all)) count('inbox', row, row.rows);
  for (const record of unattached) {
    for (const [table, rows] of Object.entries(record.counts)) count(table, record, rows);
  }
  for (const [record, rows] of await stripResults(tx, all)) count('results', record, rows);
  await sql`
    update leadgrade.records r
    set fields = '{}', crm_values = '{}', last_written_values = null, company_id = null, modified_at = null, synced_result_id = null,
        counters = '{}', counters_changed_at = null, dirty_at = null, claimed_by = null, claimed_until = null, erased_at = ${now}
    from ${records} where r.crm = ${crm} and r.object = t.object and r.id = t.id`.execute(tx);
  const reports = all.flatMap(({ object, id, emails: [latest, ...others] }) => {
    const report = { object, id_hash: quarantineHash(`${crm}/${object}/${id}`), erased: counts.get(`${object}/${id}`) };
    const more = others.map((email) => ({ ...report, email_hash: quarantineHash(email), erased: {} }));
    return [{ ...report, email_hash: latest === undefined ? null : quarantineHash(latest) }, ...more];
  });
  await sql`
    insert into leadgrade.erasures (crm, object, id_hash, email_hash, erased_at, erased)
    select ${crm}, object, id_hash, email_hash, ${now}, erased
    from ${jsonRows(reports)} as t (object text, id_hash text, email_hash text, erased jsonb)`.execute(tx);
  return all;
}

/** Takes the reasons out of their results; the numbers stay. */
async function stripResults(tx: Tx, all: readonly ToBeErased[]): Promise<readonly (readonly [ToBeErased, number])[]> {
  const { rows: results } = await sql<{ lead_id: number; rows: number }>`
    with bare as (
      update leadgrade.results set contributions = '[]', gates = '[]'
      where lead_id = any(${all.map(({ lead_id }) => lead_id)}::bigint[]) returning lead_id
    )
    select lead_id, count(*)::int as rows from bare group by lead_id`.execute(tx);
  const byLead = new Map(results.map(({ lead_id, rows }) => [lead_id, rows]));
  return all.flatMap((record) => {
    const rows = byLead.get(record.lead_id);
    return rows === undefined ? [] : [[record, rows] as const];
  });
}

/**
 * Those of `refs` that are known and not erased yet, with all that they took over. Their addresses are that of now and, behind it, those
 * that they had before; one that somebody else has now is theirs.
 */
export async function findErasable(tx: Tx, crm: string, refs: readonly RecordRef[]): Promise<readonly ToBeErased[]> {
  if (refs.length === 0) return [];
  const { rows } = await sql<ToBeErased>`
    with recursive family as (
      select r.object, r.id from leadgrade.records r
      join ${jsonRows(refs.map(({ object, id }) => ({ object, id })))} as t (object text, id text)
        on r.object = t.object and r.id = t.id
      where r.crm = ${crm}
      union
      select m.object, m.id from leadgrade.records m
      join family f on coalesce(m.merged_into_object, m.object) = f.object and m.merged_into = f.id
      where m.crm = ${crm} and m.state = 'merged'
    )
    select r.object, r.id, r.lead_id,
      (select count(*)::int from jsonb_each(r.fields) e where e.value <> 'null') as fields,
      array_remove(array[r.email_key], null) || array(
        select distinct a.address from leadgrade.field_values v
        cross join lateral (select lower(btrim(v.value #>> '{}')) as address) a
        where v.crm = ${crm} and v.object = r.object and v.record_id = r.id and v.field = 'contact.email'
          and a.address <> '' and a.address is distinct from r.email_key
          and not exists (select from leadgrade.records o where o.email_key = a.address and o.state = 'live')
        order by a.address
      ) as emails
    from family join leadgrade.records r on r.crm = ${crm} and r.object = family.object and r.id = family.id
    where r.erased_at is null`.execute(tx);
  return rows;
}

/** What of somebody is kept so that what comes later for them is known and ignored. */
function quarantineHash(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

export interface Erasure {
  readonly erasedAt: Date;
  /** Rows by table, and fields. */
  readonly erased: Readonly<Record<string, number>>;
}

/** The erasures of a record, oldest first. */
export async function listErasures(
  db: Kysely<Tables>,
  { crm, id }: { crm: string; id: string },
): Promise<readonly Erasure[]> {
  const objects = await db.selectFrom('records').select('object').where('crm', '=', crm).where('id', '=', id).execute();
  const hashes = objects.map(({ object }) => quarantineHash(`${crm}/${object}/${id}`));
  if (hashes.length === 0) return [];
  const rows = await db
    .selectFrom('erasures')
    .selectAll()
    .where('crm', '=', crm)
    .where('id_hash', 'in', hashes)
    .where(sql<boolean>`erased <> '{}'`)
    .orderBy('id')
    .execute();
  return rows.map(({ erased_at, erased }) => ({ erasedAt: erased_at, erased }));
}
