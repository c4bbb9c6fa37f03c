// All leads with what they are scored from, in pages: for the commands that score all of them without
// saving anything.
import { type Kysely, sql } from 'kysely';
import { PRIORITY } from '../../domain/priority.ts';
import type { ActiveGate } from '../../domain/score-result.ts';
import type { DueLead } from '../leads/due-leads.ts';
import { type InputOptions, loadInputs } from '../leads/input/scoring-input.ts';
import type { PreviousResult } from '../leads/previous-result.ts';
import { WAS_IN_SCOPE } from '../models/other-results.ts';
import type { Tables } from '../tables/tables.ts';

/** A current result, whole. */
export interface PagedResult extends PreviousResult {
  readonly total: number;
  readonly gates: readonly ActiveGate[];
}

export interface PagedLead extends DueLead {
  /** Of the first model; null = it does not score the lead. */
  readonly previous: PagedResult | null;
  /** Of the other models, by key. */
  readonly others: ReadonlyMap<string, PagedResult>;
  /** A change of the lead waits to be scored: its result is not that of its present data. */
  readonly isDue: boolean;
  /** When its first deal since the instant that was asked for was won (epoch ms); null = none was. */
  readonly wonAt: number | null;
}

export interface PageOptions extends InputOptions {
  readonly now: Date;
}

const PAGE = 500;
/** A quarter, in which the deals count that were won. */
const QUARTER_MS = 92 * 86_400_000;

/** Pages of all leads in the order of their ids. */
export async function* pagesOfLeads(db: Kysely<Tables>, options: PageOptions): AsyncGenerator<readonly PagedLead[]> {
  const wonSince = new Date(options.now.getTime() - QUARTER_MS);
  let after = 0;
  for (;;) {
    const leads = await pageOfLeads(db, { ...options, after, wonSince });
    yield leads;
    const last = leads.at(-1);
    if (last === undefined || leads.length < PAGE) return;
    after = last.id;
  }
}

interface OnePage extends PageOptions {
  /** The last lead of the page before; 0 = the first page. */
  readonly after: number;
  readonly wonSince: Date;
}

/** Fewer than `PAGE` leads on the last page. */
async function pageOfLeads(db: Kysely<Tables>, options: OnePage): Promise<readonly PagedLead[]> {
  const { after, now } = options;
  const { rows } = await sql<LeadRow>`
    select l.id, l.result_id, l.due_at <= ${now} or l.next_change_at <= ${now} as is_due, ${WAS_IN_SCOPE} as was_in_scope,
      l.scoring_inputs_hash is not distinct from (select inputs_hash from leadgrade.scoring_config) as is_current
    from leadgrade.leads l where l.id > ${after} order by l.id limit ${PAGE}`.execute(db);
  const ids = rows.map(({ id }) => id);
  const inputs = await loadInputs(db, ids, options);
  const won = await wonDeals(db, ids, options);
  const results = await resultsOf(db, rows);
  return rows.map((row) => ({
    ...{ id: row.id, cause: 'plan', priority: PRIORITY.change, isDue: row.is_due ?? false },
    ...{ wasInScope: row.was_in_scope, isCurrent: row.is_current },
    records: inputs.get(row.id)?.records ?? [],
    activities: inputs.get(row.id)?.activities ?? [],
    wonAt: won.get(row.id) ?? null,
    previous: results.get(row.id)?.get(null) ?? null,
    others: othersOf(results.get(row.id)),
  }));
}

interface LeadRow {
  readonly id: number;
  readonly was_in_scope: boolean;
  readonly is_current: boolean;
  readonly result_id: number | null;
  readonly is_due: boolean | null;
}

/** By model; null = the first one. */
type Results = ReadonlyMap<string | null, PagedResult>;

/** By lead, its current results. */
async function resultsOf(db: Kysely<Tables>, leads: readonly LeadRow[]): Promise<ReadonlyMap<number, Results>> {
  const { rows } = await sql<PagedResult & { lead_id: number; model: string | null }>`
    select lead_id, model, id, model_hash, grade, fit_score, behavior_score, status, thresholds, contributions, total, gates
    from leadgrade.results where id = any(array(
      select unnest(${leads.flatMap(({ result_id }) => result_id ?? [])}::bigint[])
      union all select result_id from leadgrade.lead_results where lead_id = any(${leads.map(({ id }) => id)}::bigint[])
    ))`.execute(db);
  const byLead = Map.groupBy(rows, ({ lead_id }) => lead_id);
  return new Map([...byLead].map(([id, own]) => [id, new Map(own.map(({ model, ...result }) => [model, result]))]));
}

function othersOf(results: Results = new Map()): ReadonlyMap<string, PagedResult> {
  return new Map([...results].flatMap(([model, result]) => (model === null ? [] : [[model, result] as const])));
}

async function wonDeals(
  db: Kysely<Tables>,
  leadIds: readonly number[],
  { wonSince, now }: Pick<OnePage, 'wonSince' | 'now'>,
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await sql<{ lead_id: number; closed_at: Date }>`
    select lead_id, min(closed_at) as closed_at from leadgrade.deal_outcomes
    where lead_id = any(${leadIds}::bigint[]) and state = 'won' and gone_at is null and closed_at between ${wonSince} and ${now}
    group by lead_id`.execute(db);
  return new Map(rows.map(({ lead_id, closed_at }) => [lead_id, closed_at.getTime()]));
}
