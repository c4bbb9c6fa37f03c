// The current results of the models beside the first one. With one model, a scoring runs no statement of this file.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import { arrayRows } from '../array-rows.ts';
import { type EarlierResult, type PreviousResult, type PreviousRow, toPrevious } from '../leads/previous-result.ts';
import type { ScoredLead } from '../leads/scored-lead.ts';
import type { Tables } from '../tables/tables.ts';

type Tx = Transaction<Tables>;

/** A model beside the first one. */
export interface OtherModel {
  readonly name: string;
  readonly hash: string;
  /** It writes to the CRM; a shadow model does not. */
  readonly isLive: boolean;
}

/** A current result as `joinOtherResults` returns it. */
export interface OtherRow extends PreviousRow {
  readonly model: string;
}

/** Adds `o.others` to a query of leads `l`: the current results of these models. */
export function joinOtherResults(others: readonly OtherModel[]): RawBuilder<unknown> {
  if (others.length === 0) return sql``;
  return sql`
    left join lateral (
      select json_agg(json_build_object('model', c.model, 'result_id', r.id, 'model_hash', r.model_hash, 'grade', r.grade,
        'fit_score', r.fit_score, 'behavior_score', r.behavior_score, 'status', r.status, 'thresholds', r.thresholds, 'lines', r.contributions::text)) as others
      from leadgrade.lead_results c join leadgrade.results r on r.id = c.result_id
      where c.lead_id = l.id and c.model = any(${others.map(({ name }) => name)}::text[]) offset 0
    ) o on true`;
}

export function toOthers(rows: readonly OtherRow[]): ReadonlyMap<string, PreviousResult> {
  return new Map(
    rows.flatMap((row) => {
      const previous = toPrevious(row);
      return previous === null ? [] : [[row.model, previous] as const];
    }),
  );
}

interface CurrentResults {
  readonly previous: { readonly id: number } | null;
  readonly others?: ReadonlyMap<string, { readonly id: number }>;
}

/**
 * Stands for the current results of all models that write: a record that names it holds them. A new result of any of
 * them has a greater id. Null: no such model scores the lead.
 */
export function currentResultId(
  { previous, others }: CurrentResults,
  models: readonly OtherModel[] = [],
): number | null {
  const ids = models.flatMap(({ name, isLive }) => (isLive ? (others?.get(name)?.id ?? []) : []));
  if (previous !== null) ids.push(previous.id);
  return ids.length === 0 ? null : Math.max(...ids);
}

/** The same in SQL, of a lead `l` as it is stored. */
export const CURRENT_RESULT_ID = sql<number | null>`greatest(l.result_id, (
      select max(c.result_id) from leadgrade.lead_results c where c.lead_id = l.id and c.is_live
    ))`;

/** Of a lead `l`: whether it is scored, or was never looked at. One that was, and has no score, is out of scope. */
export const WAS_IN_SCOPE = sql<boolean>`(l.scored_at is null or l.result_id is not null
      or exists (select from leadgrade.lead_results c where c.lead_id = l.id))`;

/** The ids of new results: of the first model by lead, and of the others by lead and name. */
export interface InsertedIds {
  readonly first: ReadonlyMap<number, number>;
  readonly others: ReadonlyMap<number, ReadonlyMap<string, number>>;
}

/** Saves the new current results of the other models, and that leads have none any more. */
export async function saveOtherResults(
  tx: Tx,
  scored: readonly ScoredLead[],
  inserted: InsertedIds,
  models: readonly OtherModel[] = [],
): Promise<void> {
  const isLive = new Map(models.map((model) => [model.name, model.isLive]));
  const inserts = [...inserted.others].flatMap(([leadId, ids]) =>
    [...ids].map(([model, id]) => ({ leadId, model, id })),
  );
  if (inserts.length > 0) {
    const rows = arrayRows(
      ['bigint', inserts.map(({ leadId }) => leadId)],
      ['text', inserts.map(({ model }) => model)],
      ['bigint', inserts.map(({ id }) => id)],
      ['boolean', inserts.map(({ model }) => isLive.get(model) ?? false)],
    );
    await sql`
      insert into leadgrade.lead_results (lead_id, model, result_id, is_live)
      select lead_id, model, result_id, is_live from ${rows} as t (lead_id, model, result_id, is_live)
      on conflict (lead_id, model) do update set result_id = excluded.result_id, is_live = excluded.is_live`.execute(
      tx,
    );
  }
  const ended = scored.flatMap(({ leadId, others }) =>
    [...(others ?? [])].flatMap(([model, { unscored }]) => (unscored ? [{ leadId, model }] : [])),
  );
  if (ended.length === 0) return;
  const rows = arrayRows(['bigint', ended.map(({ leadId }) => leadId)], ['text', ended.map(({ model }) => model)]);
  await sql`
    delete from leadgrade.lead_results c using ${rows} as t (lead_id, model)
    where c.lead_id = t.lead_id and c.model = t.model`.execute(tx);
}

/**
 * Call it when the models may have changed, before a scoring: models that are gone have no current results, and a
 * model can have become a shadow.
 */
export async function applyOtherModels(db: Kysely<Tables>, models: readonly OtherModel[]): Promise<void> {
  const live = models.flatMap(({ name, isLive }) => (isLive ? [name] : []));
  await sql`
    delete from leadgrade.lead_results where model <> all(${models.map(({ name }) => name)}::text[])`.execute(db);
  // The guard counts live models only.
  await sql`delete from leadgrade.guard_moves where model <> all(${['', ...live]}::text[])`.execute(db);
  await sql`
    update leadgrade.lead_results set is_live = not is_live
    where is_live is distinct from (model = any(${live}::text[]))`.execute(db);
}

/** By lead, its current results by the keys of their models; hysteresis depends on them. */
export async function otherResultsOf(
  db: Kysely<Tables>,
  leadIds: readonly number[],
): Promise<ReadonlyMap<number, ReadonlyMap<string, EarlierResult>>> {
  if (leadIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('lead_results')
    .innerJoin('results', 'results.id', 'lead_results.result_id')
    .select(['lead_results.lead_id', 'lead_results.model', 'model_hash', 'fit_score'])
    .select(['behavior_score', 'status', 'thresholds'])
    .where('lead_results.lead_id', 'in', leadIds)
    .execute();
  const byLead = Map.groupBy(rows, ({ lead_id }) => lead_id);
  return new Map(
    [...byLead].map(([id, own]) => [id, new Map(own.map(({ model, lead_id: _, ...result }) => [model, result]))]),
  );
}
