// What the bands with `top` are worth in points, by model; and the leads that a moved threshold concerns.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from '../tables/tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export interface StoredThreshold {
  readonly band: string;
  /** The value applied, never below the band's floor. */
  readonly points: number;
  /** Over how many leads it was computed. */
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

/** As scoring takes them. */
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

/** What bands are measured by. */
export type Basis = 'total' | 'fit' | 'behavior';

const SCORE = { total: sql`r.total`, fit: sql`r.fit_score`, behavior: sql`r.behavior_score` } satisfies Record<
  Basis,
  unknown
>;

/**
 * How many of the leads that were scored with `basisHash` have which score: one pass over all leads. Leads without a score (out
 * of scope, gone) do not count. A result may be older than the model: it is kept when a new one would say the same.
 */
export async function countByScore(
  db: Db,
  basis: Basis,
  basisHash: string,
): Promise<readonly { readonly score: number; readonly leads: number }[]> {
  const { rows } = await sql<{ score: number; leads: number }>`
    select ${SCORE[basis]} as score, count(*)::integer as leads
    from leadgrade.leads l join leadgrade.results r on r.id = l.result_id
    where l.scoring_inputs_hash = ${basisHash}
    group by 1`.execute(db);
  return rows;
}

export interface ThresholdChange {
  readonly from: number;
  readonly to: number;
  readonly hysteresis: number;
  /** The band and the better ones: whoever is in one of them keeps the band down to threshold - hysteresis. */
  readonly inside: readonly string[];
  readonly cause: string;
}

// Comparisons of the scoring tolerate as much.
const HAIR = 1e-9;

/**
 * Marks the leads whose band a moved threshold can change, and nobody else: those outside of the band with a score between the
 * old and the new value, and, when it rose, those inside that are further below it than the hysteresis. Gives how many.
 */
export async function markDueByThreshold(
  db: Db,
  basis: Basis,
  { from, to, hysteresis, inside, cause }: ThresholdChange,
  now: Date,
): Promise<number> {
  const [low, high] = [Math.min(from, to) - HAIR, Math.max(from, to) - HAIR];
  const kept = to > from ? to - hysteresis - HAIR : null;
  const score = SCORE[basis];
  const result = await sql`
    update leadgrade.leads l set due_at = ${now}, due_reason = ${cause}
    from leadgrade.results r
    where r.id = l.result_id and l.due_at is null and case
      when r.status = any(${inside}::text[]) then ${score} < ${kept}::double precision
      else ${score} >= ${low}::double precision and ${score} < ${high}::double precision
    end`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}
