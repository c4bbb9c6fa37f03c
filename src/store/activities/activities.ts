// The ledger of activities: merged by source id, never deleted by a pull; what is no longer there gets a tombstone.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ChangePage, RecordRef, SourcedActivity, StoredLinks } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import { ensureRecords } from '../leads/ensure-records.ts';
import { lockLeadsOfRecords, type MarkDueOptions, markDue } from '../leads/mark-due.ts';
import type { Tables } from '../tables/tables.ts';

type Tx = Transaction<Tables>;

interface SaveOptions extends MarkDueOptions {
  readonly crm: string;
  readonly stream: string;
  readonly now: Date;
  readonly fullSyncRunId: number | null;
}

/** Merges activities into the ledger; leads with a new or changed one become due. */
export async function saveActivities(
  tx: Tx,
  activities: readonly SourcedActivity[],
  options: SaveOptions,
): Promise<void> {
  if (activities.length === 0) return;
  const { crm, stream, now, fullSyncRunId } = options;
  // A statement may touch a row only once: of two with one id in a page, the later one is the newer one.
  const latest = new Map(activities.map((each) => [`${each.ref.object}/${each.ref.id}/${each.id}`, each]));
  const rows = [...latest.values()].map(({ ref, id, type, at, attributes }) => ({
    object: ref.object,
    record_id: ref.id,
    id,
    type,
    at: new Date(at).toISOString(),
    attributes,
  }));
  const refs = activities.map((each) => each.ref);
  await ensureRecords(tx, crm, refs, now);
  await lockLeadsOfRecords(tx, crm, refs);
  const page = sql`${jsonRows(rows)} as t (object text, record_id text, id text, type text, at timestamptz, attributes jsonb)`;
  // Each record by its key (`offset 0`): without statistics of the tables a plan would walk all records for each activity.
  const { rows: changed } = await sql<{ lead_id: number }>`
    insert into leadgrade.activities as a
      (crm, object, record_id, id, lead_id, stream, type, at, attributes, seen_at, last_full_sync_run_id)
    select ${crm}, t.object, t.record_id, t.id, r.lead_id, ${stream}, t.type, t.at, t.attributes, ${now}, ${fullSyncRunId}::bigint
    from ${page}
    cross join lateral (
      select r.lead_id from leadgrade.records r
      where r.crm = ${crm} and r.object = t.object and r.id = t.record_id and r.erased_at is null offset 0
    ) r
    on conflict (crm, object, record_id, id)
    do update set type = excluded.type, at = excluded.at, attributes = excluded.attributes, gone_at = null,
      last_full_sync_run_id = coalesce(excluded.last_full_sync_run_id, a.last_full_sync_run_id)
    where (a.type, a.at, a.attributes) is distinct from (excluded.type, excluded.at, excluded.attributes)
      or a.gone_at is not null
    returning lead_id`.execute(tx);
  if (fullSyncRunId !== null) {
    await sql`
      update leadgrade.activities a set last_full_sync_run_id = ${fullSyncRunId} from ${page}
      where a.crm = ${crm} and a.object = t.object and a.record_id = t.record_id and a.id = t.id
        and a.last_full_sync_run_id is distinct from ${fullSyncRunId}`.execute(tx);
  }
  await markDue(
    tx,
    changed.map((row) => row.lead_id),
    'activity',
    now,
    options,
  );
}

/** Tombstones for activities that are no longer there. */
export async function tombstoneActivities(tx: Tx, crm: string, gone: ChangePage['gone'], now: Date): Promise<void> {
  if (gone.length === 0) return;
  await lockLeadsOfRecords(
    tx,
    crm,
    gone.map((each) => each.ref),
  );
  const rows = gone.map(({ ref, activityId }) => ({ object: ref.object, record_id: ref.id, id: activityId }));
  const { rows: changed } = await sql<{ lead_id: number }>`
    update leadgrade.activities a set gone_at = ${now}
    from ${jsonRows(rows)} as t (object text, record_id text, id text)
    where a.crm = ${crm} and a.object = t.object and a.record_id = t.record_id and a.id = t.id and a.gone_at is null
    returning a.lead_id`.execute(tx);
  await markDue(
    tx,
    changed.map((row) => row.lead_id),
    'activity',
    now,
  );
}

/** What a whole fullSyncRunId over a stream did not show, and was known before it began, is gone. */
export async function tombstoneUnlisted(
  tx: Tx,
  scope: { crm: string; stream: string; fullSyncRunId: number },
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ lead_id: number }>`
    update leadgrade.activities set gone_at = ${now}
    where crm = ${scope.crm} and stream = ${scope.stream} and last_full_sync_run_id is distinct from ${scope.fullSyncRunId}
      and gone_at is null and seen_at < (select started_at from leadgrade.runs where id = ${scope.fullSyncRunId})
    returning lead_id`.execute(tx);
  await markDue(
    tx,
    rows.map((row) => row.lead_id),
    'activity',
    now,
  );
}

/** The links of live records, in the order of their ids, behind `after`: what the nightly comparison starts from. */
export async function pageOfLinks(
  db: Kysely<Tables>,
  page: { crm: string; after: RecordRef | null; limit: number },
): Promise<readonly StoredLinks[]> {
  const after = page.after ?? { object: '', id: '' };
  const { rows } = await sql<{
    object: string;
    id: string;
    company_id: string | null;
    activity_ids: readonly string[];
    outcome_ids: readonly string[];
  }>`
    select r.object, r.id, r.company_id,
      coalesce((
        select jsonb_agg(a.id) from leadgrade.activities a
        where a.crm = r.crm and a.object = r.object and a.record_id = r.id and a.gone_at is null
      ), '[]') as activity_ids,
      coalesce((
        select jsonb_agg(o.id) from leadgrade.deal_outcomes o
        where o.crm = r.crm and o.object = r.object and o.record_id = r.id and o.gone_at is null
      ), '[]') as outcome_ids
    from leadgrade.records r
    where r.crm = ${page.crm} and r.state = 'live' and (r.object, r.id) > (${after.object}, ${after.id})
    order by r.object, r.id limit ${page.limit}`.execute(db);
  return rows.map(({ object, id, company_id, activity_ids, outcome_ids }) => ({
    ref: { object, id },
    companyId: company_id,
    activityIds: activity_ids,
    outcomeIds: outcome_ids,
  }));
}
