// Locks the next due leads and loads what they are scored from.
import { sql, type Transaction } from 'kysely';
import type { Priority } from '../../domain/priority.ts';
import type { Grade } from '../../domain/score-result.ts';
import type { StoredLine } from '../../domain/stored-lines.ts';
import type { Tables } from '../tables/tables.ts';
import type { RescoreCount } from './rescore-limit.ts';
import { type DueActivity, type DueRecord, recordsAndActivities } from './scoring-input.ts';

type Tx = Transaction<Tables>;

/** The visible part of the last result. */
export interface PreviousResult {
  readonly id: number;
  readonly model_hash: string;
  readonly grade: Grade;
  readonly fit_score: number;
  readonly behavior_score: number;
  readonly status: string;
  readonly contributions: readonly StoredLine[];
}

export interface DueLead {
  readonly id: number;
  readonly cause: string;
  readonly priority: Priority;
  readonly records: readonly DueRecord[];
  /** The activities of all its records. */
  readonly activities: readonly DueActivity[];
  readonly previous: PreviousResult | null;
}

export interface LockedDueLead extends RescoreCount {
  readonly priority: Priority;
  readonly previous: PreviousResult | null;
}

/**
 * Locks up to `limit` due leads by priority, then due instant. Leads that another worker has locked
 * are skipped. So are leads with a record in the match queue, which may be about to change persons.
 */
export async function lockDueLeads(
  tx: Tx,
  { limit, now }: { readonly limit: number; readonly now: Date },
): Promise<readonly LockedDueLead[]> {
  const { rows } = await sql<LockedRow>`
    select l.id, coalesce(l.due_reason, 'changed') as cause, l.priority, l.rescore_window_started_at, l.rescore_window_count,
      p.id as result_id, p.model_hash, p.grade, p.fit_score, p.behavior_score, p.status, p.contributions
    from (
      select id, due_reason, due_at, result_id, priority, rescore_window_started_at, rescore_window_count from leadgrade.leads l
      where due_at <= ${now} and not exists (
        select from leadgrade.match_queue u
        join leadgrade.records r on r.crm = u.crm and r.object = u.object and r.id = u.id where r.lead_id = l.id
      ) order by priority, due_at, id limit ${limit} for update skip locked
    ) l
    left join leadgrade.results p on p.id = l.result_id
    order by l.priority, l.due_at, l.id`.execute(tx);
  return rows.map(({ result_id, model_hash, grade, fit_score, behavior_score, status, contributions, ...lead }) => {
    if (result_id === null) return { ...lead, previous: null };
    const previous = { id: result_id, model_hash, grade, fit_score, behavior_score, status, contributions };
    return { ...lead, previous };
  });
}

/** The columns of the result are null where the lead has none. */
type LockedRow = Omit<LockedDueLead, 'previous'> & Omit<PreviousResult, 'id'> & { readonly result_id: number | null };

export async function loadDueLeads(
  tx: Tx,
  leads: readonly LockedDueLead[],
  crms: readonly string[],
): Promise<readonly DueLead[]> {
  const ids = leads.map((lead) => lead.id);
  if (ids.length === 0) return [];
  const { records, activities } = await recordsAndActivities(tx, ids, crms);
  const recordsOf = Map.groupBy(records, (record) => record.lead_id);
  return leads.map(({ id, cause, priority, previous }) => ({
    ...{ id, cause, priority, previous },
    records: recordsOf.get(id) ?? [],
    activities: activities.get(id) ?? [],
  }));
}
