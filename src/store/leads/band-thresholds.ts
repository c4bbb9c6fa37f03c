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
  basis: Basis,
  inputsHash: string,
): Promise<readonly { readonly score: number; readonly leads: number }[]> {
  const counts = new Map<number, number>();
  for await (const isInRange of idRanges(db)) {
    const { rows } = await sql<{ score: number; leads: number }>`
      select ${SCORE[basis]} as score, count(*)::integer as leads
      from leadgrade.leads l join leadgrade.results r on r.id = l.result_id
      where l.scoring_inputs_hash = ${inputsHash} and ${isInRange}
      group by 1`.execute(db);
    for (const { score, leads } of rows) counts.set(score, (counts.get(score) ?? 0) + leads);
  }
  return [...counts].map(([score, leads]) => ({ score, leads }));
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
  basis: Basis,
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
      from leadgrade.results r
      where r.id = l.result_id and l.due_at is null and ${isInRange} and case
        when r.status = any(${inside}::text[]) then ${score} < ${lowestInside}::double precision
        else ${score} >= ${low}::double precision and ${score} < ${high}::double precision
      end`.execute(db);
    marked += Number(numAffectedRows);
  }
  return marked;
}
