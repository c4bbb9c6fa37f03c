// Locks the next due leads and loads what they are scored from.
import { sql, type Transaction } from 'kysely';
import type { Priority } from '../../domain/priority.ts';
import type { ActiveGate, Contribution, Grade } from '../../domain/score-result.ts';
import type { Tables } from '../tables/tables.ts';
import type { RescoreCount } from './rescore-limit.ts';
import { type DueActivity, type DueRecord, recordsAndActivities } from './scoring-input.ts';

type Tx = Transaction<Tables>;

/** The visible part of the last result. */
export interface PreviousResult {
  readonly id: number;
  readonly grade: Grade;
  readonly fit_score: number;
  readonly behavior_score: number;
  readonly total: number;
  readonly status: string;
  readonly contributions: readonly Contribution[];
  readonly gates: readonly ActiveGate[];
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
  const { rows } = await sql<LockedDueLead>`
    select l.id, coalesce(l.due_reason, 'changed') as cause, l.priority, l.rescore_window_started_at, l.rescore_window_count,
      case when p.id is null then null else jsonb_build_object('id', p.id, 'grade', p.grade, 'fit_score', p.fit_score,
        'behavior_score', p.behavior_score, 'total', p.total, 'status', p.status, 'contributions', p.contributions,
        'gates', p.gates) end as previous
    from (
      select id, due_reason, due_at, result_id, priority, rescore_window_started_at, rescore_window_count from leadgrade.leads l
      where due_at <= ${now} and not exists (
        select from leadgrade.match_queue u
        join leadgrade.records r on r.crm = u.crm and r.object = u.object and r.id = u.id where r.lead_id = l.id
      ) order by priority, due_at, id limit ${limit} for update skip locked
    ) l
    left join leadgrade.results p on p.id = l.result_id
    order by l.priority, l.due_at, l.id`.execute(tx);
  return rows;
}

export async function loadDueLeads(
  tx: Tx,
  leads: readonly LockedDueLead[],
  crms: readonly string[],
): Promise<readonly DueLead[]> {
  const ids = leads.map((lead) => lead.id);
  if (ids.length === 0) return [];
  const { records, activities } = await recordsAndActivities(tx, ids, crms);
  const recordsOf = Map.groupBy(records, (record) => record.lead_id);
  const activitiesOf = Map.groupBy(activities, (activity) => activity.lead_id);
  return leads.map(({ id, cause, priority, previous }) => ({
    ...{ id, cause, priority, previous },
    records: recordsOf.get(id) ?? [],
    activities: activitiesOf.get(id) ?? [],
  }));
}
