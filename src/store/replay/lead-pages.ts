// All leads with what they are scored from, in pages: for the commands that score all of them without
// saving anything.
import { type Kysely, sql } from 'kysely';
import { PRIORITY } from '../../domain/priority.ts';
import type { ActiveGate } from '../../domain/score-result.ts';
import type { DueLead, PreviousResult } from '../leads/due-leads.ts';
import { type InputOptions, loadInputs } from '../leads/input/scoring-input.ts';
import { WAS_IN_SCOPE } from '../models/other-results.ts';
import type { Tables } from '../tables/tables.ts';

export interface PagedLead extends DueLead {
  /** The rest of its result that people see; null = the lead is not scored. */
  readonly shown: { readonly total: number; readonly gates: readonly ActiveGate[] } | null;
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
    select l.id, l.due_at <= ${now} or l.next_change_at <= ${now} as is_due, ${WAS_IN_SCOPE} as was_in_scope, p.id as result_id, p.model_hash, p.grade, p.fit_score,
      p.behavior_score, p.status, p.thresholds, p.contributions, p.total, p.gates
    from (select * from leadgrade.leads where id > ${after} order by id limit ${PAGE}) l
    left join leadgrade.results p on p.id = l.result_id order by l.id`.execute(db);
  const ids = rows.map(({ id }) => id);
  const inputs = await loadInputs(db, ids, options);
  const won = await wonDeals(db, ids, options);
  return rows.map((row) => ({
    ...{ id: row.id, cause: 'plan', priority: PRIORITY.change, isDue: row.is_due ?? false },
    wasInScope: row.was_in_scope,
    records: inputs.get(row.id)?.records ?? [],
    activities: inputs.get(row.id)?.activities ?? [],
    wonAt: won.get(row.id) ?? null,
    ...resultOf(row),
  }));
}

/** The columns of the result are null where the lead has none. */
type LeadRow = Omit<PreviousResult, 'id'> & {
  readonly id: number;
  readonly is_due: boolean | null;
  readonly was_in_scope: boolean;
  readonly result_id: number | null;
  readonly total: number;
  readonly gates: readonly ActiveGate[];
};

function resultOf(row: LeadRow): Pick<PagedLead, 'previous' | 'shown'> {
  const { result_id, model_hash, grade, fit_score, behavior_score, status, thresholds, contributions, total, gates } =
    row;
  if (result_id === null) return { previous: null, shown: null };
  const previous = { id: result_id, model_hash, grade, fit_score, behavior_score, status, thresholds, contributions };
  return { previous, shown: { total, gates } };
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
