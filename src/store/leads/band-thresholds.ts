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
  /** When the band had its first threshold with this model. */
  readonly first: Date;
}

export async function thresholdsOf(db: Db, modelHash: string): Promise<readonly StoredThreshold[]> {
  const { rows } = await sql<StoredThreshold>`
    select t.band, t.points, t.leads, t.computed_at, t.per_week,
      coalesce(h.since, t.computed_at) as since, coalesce(h.first, t.computed_at) as first
    from leadgrade.band_thresholds t left join (
      select band, max(since) as since, min(since) as first
      from leadgrade.band_threshold_history where model_hash = ${modelHash} group by band
    ) h on h.band = t.band
    where t.model_hash = ${modelHash} order by t.band`.execute(db);
  return rows;
}

/** By model hash, in points by band; a model without thresholds is absent. */
export async function thresholdsByModel(
  db: Db,
  modelHashes: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>> {
  const rows = await db
    .selectFrom('band_thresholds')
    .select(['model_hash', 'band', 'points'])
    .where('model_hash', 'in', modelHashes)
    .execute();
  const byModel = Map.groupBy(rows, ({ model_hash }) => model_hash);
  return new Map(
    [...byModel].map(([hash, bands]) => [hash, Object.fromEntries(bands.map(({ band, points }) => [band, points]))]),
  );
}

/** In points by band, as they applied at an instant; empty for a model without such bands. */
export async function thresholdsAsOf(db: Db, modelHash: string, at: Date): Promise<Readonly<Record<string, number>>> {
  const { rows } = await sql<{ band: string; points: number }>`
    select distinct on (band) band, points from leadgrade.band_threshold_history
    where model_hash = ${modelHash} and since <= ${at} order by band, since desc`.execute(db);
  // Before the first threshold, leads were scored by the floor.
  const earliest = await db
    .selectFrom('results')
    .select('thresholds')
    .where('model_hash', '=', modelHash)
    .where('as_of', '<=', at)
    .where('thresholds', 'is not', null)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return { ...earliest?.thresholds, ...pointsByBand(rows) };
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

/** The history gets a row for each threshold that moved. */
export async function saveThresholds(
  db: Db,
  modelHash: string,
  thresholds: readonly ComputedThreshold[],
): Promise<void> {
  for (const { band, points, leads, computed_at, per_week } of thresholds) {
    await db
      .insertInto('band_thresholds')
      .values({ model_hash: modelHash, band, points, leads, computed_at, per_week })
      .onConflict((conflict) =>
        conflict.columns(['model_hash', 'band']).doUpdateSet({ points, leads, computed_at, per_week }),
      )
      .execute();
    await sql`
      insert into leadgrade.band_threshold_history (model_hash, band, since, points, per_week)
      select ${modelHash}, ${band}, ${computed_at}::timestamptz, ${points}::double precision, ${per_week}::double precision
      where ${points}::double precision is distinct from (
        select points from leadgrade.band_threshold_history
        where model_hash = ${modelHash} and band = ${band} order by since desc limit 1
      ) on conflict (model_hash, band, since) do update set points = excluded.points, per_week = excluded.per_week`.execute(
      db,
    );
  }
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

/** The score that a band applies to. */
export type Basis = 'total' | 'fit' | 'behavior';

/** The column of a result `r`. */
export const SCORE = { total: sql`r.total`, fit: sql`r.fit_score`, behavior: sql`r.behavior_score` } satisfies Record<
  Basis,
  unknown
>;

/** Leads of one statement. All of them in one would take minutes where there are many millions. */
const IDS_PER_PAGE = 2_000;

/** Ranges of ids that contain all leads. */
async function* idRanges(db: Db): AsyncGenerator<RawBuilder<boolean>> {
  const { rows } = await sql<{ first: number | null; last: number | null }>`
    select (select min(id) from leadgrade.leads) as first, (select max(id) from leadgrade.leads) as last`.execute(db);
  const { first = null, last = null } = rows[0] ?? {};
  if (first === null || last === null) return;
  for (let id = first; id <= last; id += IDS_PER_PAGE) {
    yield sql<boolean>`l.id >= ${id} and l.id < ${id + IDS_PER_PAGE}`;
  }
}

/**
 * Number of leads by score, over the leads scored with `inputsHash`. Leads
 * without a score (out of scope, deleted) do not count. A result can be older than the model,
 * because an equal result is not inserted again.
 */
export async function countByScore(
  db: Db,
  { basis, model }: RankedScore,
  inputsHash: string,
): Promise<readonly { readonly score: number; readonly leads: number }[]> {
  const counts = new Map<number, number>();
  for await (const isInRange of idRanges(db)) {
    const { rows } = await sql<{ score: number; leads: number }>`
      select ${SCORE[basis]} as score, count(*)::integer as leads
      from leadgrade.leads l join ${currentResults(model)}
      where l.scoring_inputs_hash = ${inputsHash} and ${isInRange}
      group by 1`.execute(db);
    for (const { score, leads } of rows) counts.set(score, (counts.get(score) ?? 0) + leads);
  }
  return [...counts].map(([score, leads]) => ({ score, leads }));
}

/** The score that the bands of a model rank. */
export interface RankedScore {
  readonly basis: Basis;
  /** The key of the model; null = the first one. */
  readonly model: string | null;
}

/** The current results `r` of leads `l` by a model. */
function currentResults(model: string | null): RawBuilder<unknown> {
  if (model === null) return sql`leadgrade.results r on r.id = l.result_id`;
  return sql`leadgrade.lead_results c on c.lead_id = l.id and c.model = ${model}
    join leadgrade.results r on r.id = c.result_id`;
}

export interface ThresholdChange {
  readonly from: number;
  readonly to: number;
  readonly hysteresis: number;
  /**
   * The band and the better ones. A lead in one of them keeps it down to threshold - hysteresis.
   */
  readonly inside: readonly string[];
  readonly cause: string;
}

// The tolerance of the comparisons in src/scoring.
const EPSILON = 1e-9;

/**
 * Marks only the leads whose band can change: leads outside the band with a score between the old
 * and the new threshold and, if the threshold rose, leads inside that are below it by more than the
 * hysteresis.
 * @returns their number
 */
export async function markDueByThreshold(
  db: Db,
  { basis, model }: RankedScore,
  { from, to, hysteresis, inside, cause }: ThresholdChange,
  now: Date,
): Promise<number> {
  const [low, high] = [Math.min(from, to) - EPSILON, Math.max(from, to) - EPSILON];
  const lowestInside = to > from ? to - hysteresis - EPSILON : null;
  const score = SCORE[basis];
  let marked = 0;
  for await (const isInRange of idRanges(db)) {
    const { numAffectedRows = 0n } = await sql`
      update leadgrade.leads l set due_at = ${now}, due_reason = ${cause}
      from ${
        model === null
          ? sql`leadgrade.results r where r.id = l.result_id`
          : sql`leadgrade.results r join leadgrade.lead_results c on c.result_id = r.id where c.lead_id = l.id and c.model = ${model}`
      } and l.due_at is null and ${isInRange} and case
        when r.status = any(${inside}::text[]) then ${score} < ${lowestInside}::double precision
        else ${score} >= ${low}::double precision and ${score} < ${high}::double precision
      end`.execute(db);
    marked += Number(numAffectedRows);
  }
  return marked;
}
