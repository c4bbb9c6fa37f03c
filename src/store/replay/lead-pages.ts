// All leads with what they are scored from, in pages: for the commands that score all of them without
// saving anything.
import { type Kysely, sql } from 'kysely';
import { PRIORITY } from '../../domain/priority.ts';
import type { ActiveGate } from '../../domain/score-result.ts';
import type { DueLead } from '../leads/due-leads.ts';
import { type InputOptions, loadInputs } from '../leads/input/scoring-input.ts';
import { PREVIOUS_COLUMNS, type PreviousRow, toPrevious } from '../leads/previous-result.ts';
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
    select l.id, l.due_at <= ${now} or l.next_change_at <= ${now} as is_due, l.scoring_inputs_hash is not distinct from (select inputs_hash from leadgrade.scoring_config) as is_current, p.total, p.gates,
      ${PREVIOUS_COLUMNS}
    from (select * from leadgrade.leads where id > ${after} order by id limit ${PAGE}) l
    left join leadgrade.results p on p.id = l.result_id order by l.id`.execute(db);
  const ids = rows.map(({ id }) => id);
  const inputs = await loadInputs(db, ids, options);
  const won = await wonDeals(db, ids, options);
  return rows.map((row) => ({
    ...{ id: row.id, cause: 'plan', priority: PRIORITY.change, isDue: row.is_due ?? false, isCurrent: row.is_current },
    records: inputs.get(row.id)?.records ?? [],
    activities: inputs.get(row.id)?.activities ?? [],
    wonAt: won.get(row.id) ?? null,
    previous: toPrevious(row),
    shown: row.result_id === null ? null : { total: row.total, gates: row.gates },
  }));
}

/** The columns of the result are null where the lead has none. */
interface LeadRow extends PreviousRow {
  readonly id: number;
  readonly is_due: boolean | null;
  readonly is_current: boolean;
  readonly total: number;
  readonly gates: readonly ActiveGate[];
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
