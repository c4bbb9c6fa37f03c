// The nightly listing of all records of a CRM, for the reconciliation of deletions. It has a table
// of its own: a mark on the records themselves would rewrite all of them every night.
import { type Kysely, sql } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import { refKey } from './ref-key.ts';

export async function clearListing(db: Kysely<Tables>, crm: string): Promise<void> {
  await db.deleteFrom('crm_record_listing').where('crm', '=', crm).execute();
}

/** Inserts a page of the listing; idempotent. */
export async function saveListing(
  db: Kysely<Tables>,
  { crm, runId, refs }: { crm: string; runId: number; refs: readonly RecordRef[] },
): Promise<void> {
  if (refs.length === 0) return;
  await sql`
    insert into leadgrade.crm_record_listing (crm, object, id, run_id)
    select distinct ${crm}, object, id, ${runId}::bigint
    from ${jsonRows(refs.map(({ object, id }) => ({ object, id })))} as t (object text, id text)
    on conflict do nothing`.execute(db);
}

interface Listing {
  readonly crm: string;
  /** Start of the listing. A record that was read later is newer than it. */
  readonly startedAt: Date;
}

const IS_LISTED = sql<boolean>`exists (
  select from leadgrade.crm_record_listing s where s.crm = r.crm and s.object = r.object and s.id = r.id
)`;

/** The number of live records read before the listing, and how many of them it contains. */
export async function countListed(
  db: Kysely<Tables>,
  { crm, startedAt }: Listing,
): Promise<{ known: number; listed: number }> {
  const { rows } = await sql<{ known: number; listed: number }>`
    select count(*)::int as known, (count(*) filter (where ${IS_LISTED}))::int as listed
    from leadgrade.records r where r.crm = ${crm} and r.state = 'live' and r.read_at < ${startedAt}`.execute(db);
  return rows[0] ?? { known: 0, listed: 0 };
}

interface MissingRecord extends RecordRef {
  /** False: it was deleted before. */
  readonly is_live: boolean;
}

/**
 * The records behind `after` whose state must be fetched, ordered by object and id: live ones that
 * are not in the listing, and deleted ones, which can have been restored or erased since.
 */
export async function pageOfMissing(
  db: Kysely<Tables>,
  { crm, startedAt }: Listing,
  page: { after: RecordRef | null; limit: number },
): Promise<readonly MissingRecord[]> {
  const after = page.after ?? { object: '', id: '' };
  const { rows } = await sql<MissingRecord>`
    select r.object, r.id, r.state = 'live' as is_live from leadgrade.records r
    where r.crm = ${crm} and (r.object, r.id) > (${after.object}, ${after.id})
      and (r.state = 'live' and r.read_at < ${startedAt} and not ${IS_LISTED}
        or r.state = 'gone' and (r.erased_at is null or ${IS_LISTED}))
    order by r.object, r.id limit ${page.limit}`.execute(db);
  return rows;
}

/** Those of `refs` that have been deleted since before an instant, by `refKey`. */
export async function goneSince(
  db: Kysely<Tables>,
  { crm, refs, before }: { crm: string; refs: readonly RecordRef[]; before: Date },
): Promise<ReadonlySet<string>> {
  // `read_at` of a tombstone is the instant of the deletion; no later read changes it.
  const { rows } = await sql<RecordRef>`
    select r.object, r.id from leadgrade.records r
    join ${jsonRows(refs.map(({ object, id }) => ({ object, id })))} as t (object text, id text)
      on r.object = t.object and r.id = t.id
    where r.crm = ${crm} and r.state = 'gone' and r.read_at <= ${before}`.execute(db);
  return new Set(rows.map(refKey));
}

/** Marks live records that are not in the listing as dirty. */
export async function markMissingDirty(db: Kysely<Tables>, { crm, startedAt }: Listing, now: Date): Promise<void> {
  await sql`
    update leadgrade.records r set dirty_at = ${now}
    where r.crm = ${crm} and r.state = 'live' and r.read_at < ${startedAt} and not ${IS_LISTED}`.execute(db);
}
