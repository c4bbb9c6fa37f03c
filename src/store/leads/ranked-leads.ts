// Leads by the score that the bands of a model rank: how many have which, and those that a moved threshold concerns.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { Tables } from '../tables/tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

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
  /** Null: the band had no threshold, so that no lead could enter it. */
  readonly from: number | null;
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
 * and the new threshold and, if the threshold rose or is the first one, leads inside that are below it by more than
 * the hysteresis.
 * @returns their number
 */
export async function markDueByThreshold(
  db: Db,
  { basis, model }: RankedScore,
  { from, to, hysteresis, inside, cause }: ThresholdChange,
  now: Date,
): Promise<number> {
  const before = from ?? Infinity;
  const [low, high] = [Math.min(before, to) - EPSILON, Math.max(before, to) - EPSILON];
  const lowestInside = from === null || to > from ? to - hysteresis - EPSILON : null;
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
