// Thresholds of the bands with `top` or `capacity` in points, by model, with their history.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { Tables } from '../tables/tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export interface ComputedThreshold {
  readonly band: string;
  /** The applied value, never below the band's floor. */
  readonly points: number;
  /** Number of leads from which it was computed; of a band with a capacity, those that arrived. */
  readonly leads: number;
  readonly computed_at: Date;
  /** Leads that arrived in a week; null = no capacity, or too little history for it. */
  readonly per_week: number | null;
}

export interface StoredThreshold extends ComputedThreshold {
  /** When the points last moved. */
  readonly since: Date;
  /** When the band had its first threshold since the model is in force. */
  readonly first: Date;
}

/** In points, by band. A band without one waits for its first threshold. */
export interface PointsOfBands {
  readonly points: Readonly<Record<string, number>>;
  /** The first ones since the model is in force. */
  readonly first: Readonly<Record<string, number>>;
}

/** The rows of the history of a threshold `t` since its model is in force: it can have been so before. */
const IN_FORCE: RawBuilder<unknown> = sql`
  (select band, since, points from leadgrade.band_threshold_history h
   where h.model_hash = t.model_hash and h.band = t.band and h.since >= coalesce((
     select max(applied_at) from (
       select applied_at, isIn, lag(isIn) over (order by id) as wasIn
       from (select id, applied_at, models::jsonb @> jsonb_build_array(jsonb_build_object('hash', t.model_hash)) as isIn
             from leadgrade.applied_models) rows
     ) changes where isIn and wasIn is not true
   ), '-infinity'))`;

export async function thresholdsOf(db: Db, modelHash: string): Promise<readonly StoredThreshold[]> {
  const { rows } = await sql<StoredThreshold>`
    select t.band, t.points, t.leads, t.computed_at, t.per_week,
      coalesce(f.since, t.computed_at) as since, coalesce(f.first, t.computed_at) as first
    from leadgrade.band_thresholds t
    cross join lateral (select max(since) as since, min(since) as first from ${IN_FORCE} i) f
    where t.model_hash = ${modelHash} order by t.band`.execute(db);
  return rows;
}

/** By model hash; a model without thresholds is absent. */
export async function thresholdsByModel(
  db: Db,
  modelHashes: readonly string[],
): Promise<ReadonlyMap<string, PointsOfBands>> {
  const { rows } = await sql<{ model_hash: string; band: string; points: number; first: number }>`
    select t.model_hash, t.band, t.points,
      coalesce((select points from ${IN_FORCE} i order by since limit 1), t.points) as first
    from leadgrade.band_thresholds t where t.model_hash = any(${modelHashes}::text[])`.execute(db);
  const byModel = Map.groupBy(rows, ({ model_hash }) => model_hash);
  return new Map(
    Array.from(byModel, ([hash, bands]) => {
      const of = (read: (row: (typeof bands)[number]) => number) =>
        Object.fromEntries(bands.map((row) => [row.band, read(row)]));
      return [hash, { points: of(({ points }) => points), first: of(({ first }) => first) }];
    }),
  );
}

/** In points by band, as they were in force at an instant; a band without one waited for its first threshold. */
export async function thresholdsAsOf(db: Db, modelHash: string, at: Date): Promise<Readonly<Record<string, number>>> {
  const { rows } = await sql<{ band: string; points: number }>`
    select distinct on (band) band, points from leadgrade.band_threshold_history
    where model_hash = ${modelHash} and since <= ${at} order by band, since desc`.execute(db);
  return pointsByBand(rows);
}

export interface PastThreshold {
  readonly band: string;
  readonly since: Date;
  readonly points: number;
  readonly per_week: number | null;
}

/** Newest first. */
export async function thresholdHistory(db: Db, modelHash: string): Promise<readonly PastThreshold[]> {
  return db
    .selectFrom('band_threshold_history')
    .select(['band', 'since', 'points', 'per_week'])
    .where('model_hash', '=', modelHash)
    .orderBy('since', 'desc')
    .orderBy('band')
    .execute();
}

/** In the form that scoring reads. */
export function pointsByBand(
  thresholds: readonly Pick<StoredThreshold, 'band' | 'points'>[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(thresholds.map(({ band, points }) => [band, points]));
}

/** The history gets a row for each threshold that moved, and for the first one since the model is in force. */
export async function saveThresholds(
  db: Db,
  modelHash: string,
  thresholds: readonly ComputedThreshold[],
): Promise<void> {
  for (const { band, points, leads, computed_at, per_week } of thresholds) {
    await sql`
      insert into leadgrade.band_threshold_history (model_hash, band, since, points, per_week)
      select ${modelHash}, ${band}, ${computed_at}::timestamptz, ${points}::double precision, ${per_week}::double precision
      where not exists (
        select from leadgrade.band_thresholds where model_hash = ${modelHash} and band = ${band} and points = ${points}
      ) on conflict (model_hash, band, since) do update set points = excluded.points, per_week = excluded.per_week`.execute(
      db,
    );
    await db
      .insertInto('band_thresholds')
      .values({ model_hash: modelHash, band, points, leads, computed_at, per_week })
      .onConflict((conflict) =>
        conflict.columns(['model_hash', 'band']).doUpdateSet({ points, leads, computed_at, per_week }),
      )
      .execute();
  }
}

/** @param modelHashes those that stay in force: a model that comes back gets first thresholds again. The history stays */
export async function deleteOtherThresholds(db: Db, modelHashes: readonly string[]): Promise<void> {
  await sql`delete from leadgrade.band_thresholds where model_hash <> all(${modelHashes}::text[])`.execute(db);
}

/** The present threshold of each band stays, and so does the first one: it says since when the model is used. */
export async function purgeThresholdHistory(db: Db, before: Date): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from leadgrade.band_threshold_history h
    where since < ${before}
      and since < (select max(since) from leadgrade.band_threshold_history o where (o.model_hash, o.band) = (h.model_hash, h.band))
      and since > (select min(since) from leadgrade.band_threshold_history o where (o.model_hash, o.band) = (h.model_hash, h.band))`.execute(
    db,
  );
  return Number(numAffectedRows);
}
