// One lead, looked up by its record in a CRM: for `explain`.
import type { Kysely } from 'kysely';
import { type DueLead, recordsAndActivities } from './due-leads.ts';
import type { Tables } from './tables.ts';

export interface FoundLead extends Pick<DueLead, 'id' | 'records' | 'activities'> {
  readonly nextChangeAt: Date | null;
  /** The status that the lead has now, for hysteresis. */
  readonly status: string | null;
}

/**
 * @param crms those that are set up: only what they show of the lead counts
 * @returns null when the CRM's record is not known, or is gone
 */
export async function findLead(
  db: Kysely<Tables>,
  key: { crm: string; id: string },
  crms: readonly string[],
): Promise<FoundLead | null> {
  const lead = await db
    .selectFrom('records')
    .innerJoin('leads', 'leads.id', 'records.lead_id')
    .leftJoin('results', 'results.id', 'leads.result_id')
    .select(['leads.id', 'leads.next_change_at', 'results.status'])
    .where('records.crm', '=', key.crm)
    .where('records.id', '=', key.id)
    .where('records.state', '=', 'live')
    .executeTakeFirst();
  if (!lead) return null;
  const parts = await recordsAndActivities(db, [lead.id], crms);
  return { id: lead.id, ...parts, nextChangeAt: lead.next_change_at, status: lead.status };
}

export interface PastResult {
  readonly id: number;
  readonly as_of: Date;
  readonly cause: string;
  readonly grade: string;
  readonly fit_score: number;
  readonly behavior_score: number;
  readonly total: number;
  readonly status: string;
  readonly previous_status: string | null;
  readonly model: string;
}

/** The latest results of a lead, newest first. */
export async function historyOf(db: Kysely<Tables>, leadId: number, limit: number): Promise<readonly PastResult[]> {
  return db
    .selectFrom('results')
    .innerJoin('models', 'models.hash', 'results.model_hash')
    .select(['results.id', 'as_of', 'cause', 'grade', 'fit_score', 'behavior_score', 'total', 'status'])
    .select(['previous_status', 'models.name as model'])
    .where('lead_id', '=', leadId)
    .orderBy('results.id', 'desc')
    .limit(limit)
    .execute();
}
