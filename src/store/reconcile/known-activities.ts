// The stored activities of a stream that a reconciliation compares.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { RecordRef, SourcedActivity, SourcedDealOutcome } from '../../domain/crm-changes.ts';
import type { Fields } from '../../domain/lead.ts';
import { jsonRows } from '../json-rows.ts';
import type { StreamKey } from '../sync/streams.ts';
import type { Tables } from '../tables/tables.ts';

/** The stored activities of live records with these ids, without tombstones, by id. */
export async function findKnownActivities(
  db: Kysely<Tables>,
  { crm, stream }: StreamKey,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly SourcedActivity[]>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{
    id: string;
    object: string;
    record_id: string;
    type: string;
    at: Date;
    attributes: Fields;
    part: string | null;
  }>`
    select a.id, a.object, a.record_id, a.type, a.at, a.attributes, a.part
    from leadgrade.activities a
    join leadgrade.records r on r.crm = a.crm and r.object = a.object and r.id = a.record_id and r.state = 'live'
    where a.crm = ${crm} and a.stream = ${stream} and a.id = any(${ids}::text[]) and a.gone_at is null`.execute(db);
  const activities = rows.map(({ id, object, record_id, type, at, attributes, part }): SourcedActivity => {
    const activity = { ref: { object, id: record_id }, id, type, at: at.getTime(), attributes };
    return part === null ? activity : { ...activity, part };
  });
  return Map.groupBy(activities, ({ id }) => id);
}

const IDS_PER_PAGE = 1_000;

/** The distinct ids of the stored activities of the stream, without tombstones, in pages. */
export async function* listKnownIds(db: Kysely<Tables>, { crm, stream }: StreamKey): AsyncGenerator<readonly string[]> {
  for (let after: string | null = null; ; ) {
    const behind: RawBuilder<unknown> = after === null ? sql`` : sql`and id > ${after}`;
    const { rows } = await sql<{ id: string }>`
      select distinct id from leadgrade.activities
      where crm = ${crm} and stream = ${stream} and gone_at is null ${behind} order by id limit ${IDS_PER_PAGE}`.execute(
      db,
    );
    if (rows.length > 0) yield rows.map(({ id }) => id);
    const last: string | undefined = rows.at(-1)?.id;
    if (last === undefined || rows.length < IDS_PER_PAGE) return;
    after = last;
  }
}

/**
 * Those of the activities that differ from the stored ones, or are not stored. Read without locks:
 * most nights nothing differs, and a lock would rewrite the row of every lead.
 */
export async function differingActivities(
  db: Kysely<Tables>,
  crm: string,
  activities: readonly SourcedActivity[],
): Promise<readonly SourcedActivity[]> {
  if (activities.length === 0) return [];
  const rows = activities.map(({ ref, id, type, at, attributes, part = null }, index) => {
    return { index, object: ref.object, record_id: ref.id, id, type, at: new Date(at).toISOString(), attributes, part };
  });
  const { rows: found } = await sql<{ index: number }>`
    select t.index from ${jsonRows(rows)} as t (index int, object text, record_id text, id text, type text,
      at timestamptz, attributes jsonb, part text)
    left join leadgrade.activities a
      on a.crm = ${crm} and a.object = t.object and a.record_id = t.record_id and a.id = t.id
    where a.id is null or a.gone_at is not null or a.part is null and t.part is not null
      or (a.type, a.at, a.attributes) is distinct from (t.type, t.at, t.attributes)`.execute(db);
  const differing = new Set(found.map(({ index }) => index));
  return activities.filter((_activity, index) => differing.has(index));
}

/** Lists items of the running comparison; idempotent. */
export async function listItems(
  db: Kysely<Tables>,
  { crm, stream }: StreamKey,
  items: readonly (Pick<SourcedActivity, 'ref' | 'id'> | Pick<SourcedDealOutcome, 'ref' | 'id'>)[],
): Promise<void> {
  if (items.length === 0) return;
  const rows = items.map(({ ref, id }: { ref: RecordRef; id: string }) => ({
    object: ref.object,
    record_id: ref.id,
    id,
  }));
  await sql`
    insert into leadgrade.item_listing (crm, stream, object, record_id, id)
    select distinct ${crm}, ${stream}, object, record_id, id
    from ${jsonRows(rows)} as t (object text, record_id text, id text)
    on conflict do nothing`.execute(db);
}
