// From when on activities are kept. What a CRM lists once more of those that were deleted is left out, so that a
// full sync or a comparison does not bring them back.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { SourcedActivity } from '../../domain/crm-changes.ts';
import { MIN_ACTIVITY_DAYS } from '../../domain/limits/min-activity-days.ts';
import { jsonRows } from '../json-rows.ts';
import type { StreamKey } from '../sync/streams.ts';
import type { Tables } from '../tables/tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export interface ActivityBound extends StreamKey {
  readonly type: string;
  readonly keptFrom: Date;
}

const DAY_MS = 86_400_000;

export async function listBounds(db: Db): Promise<readonly ActivityBound[]> {
  const rows = await db
    .selectFrom('activity_bounds')
    .selectAll()
    .orderBy('crm')
    .orderBy('stream')
    .orderBy('type')
    .execute();
  return rows.map(({ kept_from, ...key }) => ({ ...key, keptFrom: kept_from }));
}

/** Moves bounds forward. A bound never moves back by itself, as what lies before it was deleted. */
export async function advanceBounds(db: Db, bounds: readonly ActivityBound[]): Promise<void> {
  await sql`
    insert into leadgrade.activity_bounds as b (crm, stream, type, kept_from)
    select crm, stream, type, kept_from from ${jsonRows(bounds.map(toRow))} as t (crm text, stream text, type text, kept_from timestamptz)
    on conflict (crm, stream, type) do update set kept_from = excluded.kept_from where b.kept_from < excluded.kept_from`.execute(
    db,
  );
}

/**
 * Before a full sync: moves the bounds of a stream back to those that apply now, so that what a model
 * counts again is read again.
 * @param bounds those of all types of the stream that are not kept for ever
 */
export async function resetBounds(db: Kysely<Tables>, key: StreamKey, bounds: readonly ActivityBound[]): Promise<void> {
  await sql`
    with t as (select * from ${jsonRows(bounds.map(toRow))} as t (type text, kept_from timestamptz)),
    kept as (
      delete from leadgrade.activity_bounds where crm = ${key.crm} and stream = ${key.stream} and type not in (select type from t)
    )
    update leadgrade.activity_bounds b set kept_from = t.kept_from
    from t where b.crm = ${key.crm} and b.stream = ${key.stream} and b.type = t.type and b.kept_from > t.kept_from`.execute(
    db,
  );
}

function toRow({ crm, stream, type, keptFrom }: ActivityBound) {
  return { crm, stream, type, kept_from: keptFrom.toISOString() };
}

/**
 * Leaves out activities from before the bounds. Those that are stored stay, and for each record and type
 * the latest one, as in the purge (purge-lead-rows.ts).
 */
export async function withoutExpired(
  db: Db,
  { crm, stream }: StreamKey,
  activities: readonly SourcedActivity[],
  now: Date,
): Promise<readonly SourcedActivity[]> {
  // Nearly all pages: no statement.
  const recent = now.getTime() - MIN_ACTIVITY_DAYS * DAY_MS;
  if (activities.every(({ at }) => at >= recent)) return activities;
  const rows = activities.map(({ ref, id, type, at }, index) => {
    return { index, object: ref.object, record_id: ref.id, id, type, at: new Date(at).toISOString() };
  });
  const { rows: expired } = await sql<{ index: number }>`
    select old.index from (
      select t.*, b.kept_from, row_number() over (partition by t.object, t.record_id, t.type order by t.at desc, t.id) as place
      from ${jsonRows(rows)} as t (index int, object text, record_id text, id text, type text, at timestamptz)
      join leadgrade.activity_bounds b on b.crm = ${crm} and b.stream = ${stream} and b.type = t.type and t.at < b.kept_from
    ) old
    where not exists (
      select from leadgrade.activities a
      where a.crm = ${crm} and a.object = old.object and a.record_id = old.record_id and a.id = old.id
    ) and (old.place > 1 or exists (
      select from leadgrade.activities a
      where a.crm = ${crm} and a.object = old.object and a.record_id = old.record_id and a.stream = ${stream}
        and a.type = old.type and a.at >= old.at and a.at < old.kept_from and a.gone_at is null
    ))`.execute(db);
  const left = new Set(expired.map(({ index }) => index));
  return activities.filter((_activity, index) => !left.has(index));
}
