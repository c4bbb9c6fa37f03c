// The points of leads in the last weeks, from the stored results.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../../tables/tables.ts';
import { type RankedScore, SCORE } from '../ranked-leads.ts';

interface Step {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly points: number;
}

interface StoredPath {
  /** The points when the window began; null: the lead had no score yet. */
  readonly start: number | null;
  readonly steps: readonly Step[];
}

/** Leads that one query reads. */
const PAGE = 10_000;

/**
 * Of all leads that were scored in the window. A scoring for other inputs (model, mapping, scope ...) begins a new path.
 * Only the turning points are read: a lead that fades for weeks is one row.
 */
export async function* pointsPaths(
  db: Kysely<Tables>,
  score: RankedScore,
  window: { readonly from: Date; readonly to: Date },
): AsyncGenerator<StoredPath> {
  let after = 0;
  for (;;) {
    const { leads, rows } = await pageOfTurns(db, score, { ...window, after });
    for (const path of Map.groupBy(rows, ({ lead_id, part }) => `${lead_id} ${part}`).values()) yield toPath(path);
    const last = leads.at(-1);
    if (last === undefined || leads.length < PAGE) return;
    after = last;
  }
}

interface Turn {
  readonly lead_id: number;
  readonly part: number;
  readonly is_first: boolean;
  readonly at: Date;
  readonly points: number;
}

async function pageOfTurns(
  db: Kysely<Tables>,
  { basis, model }: RankedScore,
  { from, to, after }: { readonly from: Date; readonly to: Date; readonly after: number },
) {
  const page = await db
    .selectFrom('leads')
    .select('id')
    .where('id', '>', after)
    .where('scored_at', '>=', from)
    .orderBy('id')
    .limit(PAGE)
    .execute();
  const leads = page.map(({ id }) => id);
  const { rows } = await sql<Turn>`
    with steps as (
      select r.lead_id, r.id, r.as_of as at, ${SCORE[basis]} as points, r.as_of < ${from} as is_start, r.cause = 'model' as is_anew
      from unnest(${leads}::bigint[]) as l(id) cross join lateral (
        (select * from leadgrade.results p where p.lead_id = l.id and p.model is not distinct from ${model} and p.as_of < ${from} order by p.id desc limit 1)
        union all
        select * from leadgrade.results p where p.lead_id = l.id and p.model is not distinct from ${model} and p.as_of >= ${from} and p.as_of <= ${to}
      ) r
    ), parts as (
      select *, is_start or is_anew as is_first,
        count(*) filter (where is_anew and not is_start) over (partition by lead_id order by id) as part from steps
    ), moves as (
      select *, lag(points) over (partition by lead_id, part order by id) as before from parts
    ), turns as (
      select *, lead(points) over (partition by lead_id, part order by id) as after
      from moves where before is null or before <> points
    )
    select lead_id, part::integer as part, is_first, at, points from turns
    where before is null or (after is null and points > before) or sign(points - before) <> sign(after - points)
    order by lead_id, id`.execute(db);
  return { leads, rows };
}

function toPath(turns: readonly Turn[]): StoredPath {
  const [first] = turns;
  const start = first?.is_first ? first.points : null;
  const rest = start === null ? turns : turns.slice(1);
  return { start, steps: rest.map(({ at, points }) => ({ at: at.getTime(), points })) };
}
