// The nightly listing of all records that a CRM has: whom it showed, and whom it should have shown. Rows of their own, as marking
// the records themselves would rewrite all of them every night.
import { type Kysely, sql } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

export async function clearListing(db: Kysely<Tables>, crm: string): Promise<void> {
  await db.deleteFrom('crm_record_listing').where('crm', '=', crm).execute();
}

/** A page that is kept again changes nothing. */
export async function saveListing(
  db: Kysely<Tables>,
  { crm, run, refs }: { crm: string; run: number; refs: readonly RecordRef[] },
): Promise<void> {
  if (refs.length === 0) return;
  await sql`
    insert into leadgrade.crm_record_listing (crm, object, id, run_id)
    select distinct ${crm}, object, id, ${run}::bigint
    from ${jsonRows(refs.map(({ object, id }) => ({ object, id })))} as t (object text, id text)
    on conflict do nothing`.execute(db);
}

interface Listing {
  readonly crm: string;
  /** When the listing began: what was read later is newer than it. */
  readonly began: Date;
}

const IS_LISTED = sql<boolean>`exists (
  select from leadgrade.crm_record_listing s where s.crm = r.crm and s.object = r.object and s.id = r.id
)`;

/** How many of the records that were there before the listing it has shown. */
export async function countListed(
  db: Kysely<Tables>,
  { crm, began }: Listing,
): Promise<{ known: number; listed: number }> {
  const { rows } = await sql<{ known: number; listed: number }>`
    select count(*)::int as known, (count(*) filter (where ${IS_LISTED}))::int as listed
    from leadgrade.records r where r.crm = ${crm} and r.state = 'live' and r.read_at < ${began}`.execute(db);
  return rows[0] ?? { known: 0, listed: 0 };
}

/**
 * The records that the CRM is to be asked about, in the order of their ids, behind `after`: those that it did not show, those
 * that were deleted (restored or erased meanwhile?), and any that it shows again.
 */
export async function pageOfMissing(
  db: Kysely<Tables>,
  { crm, began }: Listing,
  page: { after: RecordRef | null; limit: number },
): Promise<readonly RecordRef[]> {
  const after = page.after ?? { object: '', id: '' };
  const { rows } = await sql<RecordRef>`
    select r.object, r.id from leadgrade.records r
    where r.crm = ${crm} and (r.object, r.id) > (${after.object}, ${after.id})
      and (r.state = 'live' and r.read_at < ${began} and not ${IS_LISTED}
        or r.state = 'gone' and (r.erased_at is null or ${IS_LISTED}))
    order by r.object, r.id limit ${page.limit}`.execute(db);
  return rows;
}

/** Has those that were not shown read again. */
export async function markMissingDirty(db: Kysely<Tables>, { crm, began }: Listing, now: Date): Promise<void> {
  await sql`
    update leadgrade.records r set dirty_at = ${now}
    where r.crm = ${crm} and r.state = 'live' and r.read_at < ${began} and not ${IS_LISTED}`.execute(db);
}
