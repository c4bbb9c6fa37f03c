// Thresholds of the percentile bands (`top: 10%`) in points, by model.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { Tables } from '../tables/tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export interface StoredThreshold {
  readonly band: string;
  /** The applied value, never below the band's floor. */
  readonly points: number;
  /** Number of leads from which it was computed. */
  readonly leads: number;
  readonly computed_at: Date;
}

export async function thresholdsOf(db: Db, modelHash: string): Promise<readonly StoredThreshold[]> {
  return db
    .selectFrom('band_thresholds')
    .select(['band', 'points', 'leads', 'computed_at'])
    .where('model_hash', '=', modelHash)
    .orderBy('band')
    .execute();
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

/** In points by band, as the results of the model until an instant say; empty for a model without percentile bands. */
export async function thresholdsAsOf(db: Db, modelHash: string, at: Date): Promise<Readonly<Record<string, number>>> {
  const row = await db
    .selectFrom('results')
    .select('thresholds')
    .where('model_hash', '=', modelHash)
    .where('as_of', '<=', at)
    .where('thresholds', 'is not', null)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.thresholds ?? {};
}

/** In the form that scoring reads. */
export function pointsByBand(thresholds: readonly StoredThreshold[]): Readonly<Record<string, number>> {
  return Object.fromEntries(thresholds.map(({ band, points }) => [band, points]));
}

export async function saveThresholds(db: Db, modelHash: string, thresholds: readonly StoredThreshold[]): Promise<void> {
  for (const { band, points, leads, computed_at } of thresholds) {
    await db
      .insertInto('band_thresholds')
      .values({ model_hash: modelHash, band, points, leads, computed_at })
      .onConflict((conflict) => conflict.columns(['model_hash', 'band']).doUpdateSet({ points, leads, computed_at }))
      .execute();
  }
}

/** The score that a band applies to. */
export type Basis = 'total' | 'fit' | 'behavior';

const SCORE = { total: sql`r.total`, fit: sql`r.fit_score`, behavior: sql`r.behavior_score` } satisfies Record<
  Basis,
  unknown
>;

/**
 * Number of leads by score, over the leads scored with `inputsHash`; one scan of all leads. Leads
 * without a score (out of scope, deleted) do not count. A result can be older than the model,
 * because an equal result is not inserted again.
 */
export async function countByScore(
  db: Db,
  { basis, model }: RankedScore,
  inputsHash: string,
): Promise<readonly { readonly score: number; readonly leads: number }[]> {
  const { rows } = await sql<{ score: number; leads: number }>`
    select ${SCORE[basis]} as score, count(*)::integer as leads
    from leadgrade.leads l join ${currentResults(model)} where l.scoring_inputs_hash = ${inputsHash}
    group by 1`.execute(db);
  return rows;
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
  const result = await sql`
    update leadgrade.leads l set due_at = ${now}, due_reason = ${cause}
    from ${
      model === null
        ? sql`leadgrade.results r where r.id = l.result_id`
        : sql`leadgrade.results r join leadgrade.lead_results c on c.result_id = r.id where c.lead_id = l.id and c.model = ${model}`
    } and l.due_at is null and case
      when r.status = any(${inside}::text[]) then ${score} < ${lowestInside}::double precision
      else ${score} >= ${low}::double precision and ${score} < ${high}::double precision
    end`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}
