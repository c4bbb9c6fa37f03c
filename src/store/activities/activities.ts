// The activity log: upserted by the source's id and never deleted by a sync. An activity that the
// CRM no longer has gets a tombstone.
import { sql, type Transaction } from 'kysely';
import type { ChangePage, SourcedActivity } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import { ensureLockedRecords, type LockedLeads, withLockedLeadIds } from '../leads/lock-leads.ts';
import { type MarkDueOptions, markDue } from '../leads/mark-due.ts';
import { withoutExpired } from '../retention/activity-bounds.ts';
import { isRefusedItem } from '../set-aside/skip-set-aside.ts';
import type { Tables } from '../tables/tables.ts';

type Tx = Transaction<Tables>;

interface SaveOptions extends MarkDueOptions {
  readonly crm: string;
  readonly stream: string;
  readonly now: Date;
  /** The full sync of the stream that listed the activities; null = none. */
  readonly fullSyncRunId: number | null;
}

/** The number of activities that a call changed. */
export interface ActivityChanges {
  readonly inserted: number;
  /** Changed, or restored from their tombstone. */
  readonly updated: number;
}

/** Upserts activities, but for those that the purge has deleted. Leads with a new or changed one become due. */
export async function saveActivities(
  locked: LockedLeads,
  listed: readonly SourcedActivity[],
  options: SaveOptions,
): Promise<ActivityChanges> {
  const { crm, stream, now, fullSyncRunId } = options;
  const { tx } = locked;
  const activities = await withoutExpired(tx, options, listed, now);
  if (activities.length === 0) return { inserted: 0, updated: 0 };
  await ensureLockedRecords(
    locked,
    crm,
    activities.map(({ ref }) => ref),
    now,
  );
  const page = sql`${jsonRows(activityRows(activities))} as t (object text, record_id text, id text, type text,
    at timestamptz, attributes jsonb, part text)`;
  // `offset 0` makes the plan look up each record by its key. Without table statistics it would
  // scan all records for each activity.
  const { rows: changed } = await sql<{ lead_id: number; is_new: boolean }>`
    insert into leadgrade.activities as a
      (crm, object, record_id, id, lead_id, stream, part, type, at, attributes, seen_at, last_full_sync_run_id)
    select ${crm}, t.object, t.record_id, t.id, r.lead_id, ${stream}, t.part, t.type, t.at, t.attributes, ${now},
      ${fullSyncRunId}::bigint
    from ${page}
    cross join lateral (
      select r.lead_id from leadgrade.records r
      where r.crm = ${crm} and r.object = t.object and r.id = t.record_id and r.erased_at is null offset 0
    ) r
    on conflict (crm, object, record_id, id)
    do update set type = excluded.type, at = excluded.at, attributes = excluded.attributes, gone_at = null,
      part = coalesce(excluded.part, a.part),
      changed_at = case when (a.type, a.at, a.attributes) is distinct from (excluded.type, excluded.at, excluded.attributes)
        or a.gone_at is not null then ${now} else a.changed_at end,
      last_full_sync_run_id = coalesce(excluded.last_full_sync_run_id, a.last_full_sync_run_id)
    where (a.type, a.at, a.attributes) is distinct from (excluded.type, excluded.at, excluded.attributes)
      or a.gone_at is not null or a.part is null and excluded.part is not null
    returning lead_id, xmax = 0 as is_new`.execute(tx);
  if (fullSyncRunId !== null) {
    await sql`
      update leadgrade.activities a set last_full_sync_run_id = ${fullSyncRunId} from ${page}
      where a.crm = ${crm} and a.object = t.object and a.record_id = t.record_id and a.id = t.id
        and a.last_full_sync_run_id is distinct from ${fullSyncRunId}`.execute(tx);
  }
  await markDue(locked, leadIdsOf(changed), 'activity', now, options);
  const inserted = changed.filter(({ is_new }) => is_new).length;
  return { inserted, updated: changed.length - inserted };
}

/**
 * One row for each id, as a statement can change a row only once. The last one on the page is the
 * newest.
 */
function activityRows(activities: readonly SourcedActivity[]) {
  const latest = new Map(
    activities.map((activity) => [`${activity.ref.object}/${activity.ref.id}/${activity.id}`, activity]),
  );
  return [...latest.values()].map(({ ref, id, type, at, attributes, part = null }) => ({
    object: ref.object,
    record_id: ref.id,
    id,
    type,
    at: new Date(at).toISOString(),
    attributes,
    part,
  }));
}

/** Sets the tombstone of activities that no longer exist in the CRM. @returns the stream of each */
export async function tombstoneActivities(
  locked: LockedLeads,
  crm: string,
  gone: ChangePage['gone'],
  now: Date,
): Promise<readonly string[]> {
  if (gone.length === 0) return [];
  const rows = gone.map(({ ref, activityId }) => ({ object: ref.object, record_id: ref.id, id: activityId }));
  const { rows: changed } = await sql<{ lead_id: number; stream: string }>`
    update leadgrade.activities a set gone_at = ${now}
    from ${jsonRows(rows)} as t (object text, record_id text, id text)
    where a.crm = ${crm} and a.object = t.object and a.record_id = t.record_id and a.id = t.id and a.gone_at is null
    returning a.lead_id, a.stream`.execute(locked.tx);
  await markDue(locked, leadIdsOf(changed), 'activity', now);
  return changed.map(({ stream }) => stream);
}

/**
 * Sets the tombstone of activities that a completed full sync of a stream did not list. Newer ones
 * stay.
 */
export async function tombstoneUnlisted(
  tx: Tx,
  { crm, stream, fullSyncRunId }: { crm: string; stream: string; fullSyncRunId: number },
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ lead_id: number }>`
    update leadgrade.activities set gone_at = ${now}
    where crm = ${crm} and stream = ${stream} and last_full_sync_run_id is distinct from ${fullSyncRunId}
      and gone_at is null and seen_at < (select started_at from leadgrade.runs where id = ${fullSyncRunId})
      and not ${isRefusedItem({ crm, stream }, sql`activities.id`)}
    returning lead_id`.execute(tx);
  await markChangedDue(tx, leadIdsOf(rows), now);
}

/**
 * Sets the tombstone of all activities of a stream.
 * @param types only these types; null = all
 * @param after only later activities; null = all
 */
export async function tombstoneStream(
  tx: Tx,
  {
    crm,
    stream,
    types,
    after = null,
  }: { crm: string; stream: string; types: readonly string[] | null; after?: Date | null },
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ lead_id: number }>`
    update leadgrade.activities set gone_at = ${now}
    where crm = ${crm} and stream = ${stream} and gone_at is null
      and (${types}::text[] is null or type = any(${types}::text[]))
      and (${after}::timestamptz is null or at > ${after})
    returning lead_id`.execute(tx);
  await markChangedDue(tx, leadIdsOf(rows), now);
}

/**
 * The leads are known only after the change. A scoring that has read the old state holds its lock
 * until it commits.
 */
async function markChangedDue(tx: Tx, leadIds: readonly number[], now: Date): Promise<void> {
  await withLockedLeadIds(tx, leadIds, (locked) => markDue(locked, leadIds, 'activity', now));
}

function leadIdsOf(rows: readonly { readonly lead_id: number }[]): readonly number[] {
  return rows.map((row) => row.lead_id);
}
