// Finds a lead by its record in a CRM, or all leads page by page, for commands.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';
import type { DueLead } from './due-leads.ts';
import { type InputOptions, loadInputs } from './input/scoring-input.ts';

export interface FoundLead extends Pick<DueLead, 'id' | 'records' | 'activities'> {
  readonly nextChangeAt: Date | null;
  /** The present status; hysteresis depends on it. */
  readonly status: string | null;
}

/**
 * The lead of a record. A merged record, or a converted Salesforce Lead, gives the lead of its
 * surviving record.
 * @param options records and activities of other CRMs and types are left out
 * @returns null if the record is unknown or deleted
 */
export async function findLead(
  db: Kysely<Tables>,
  key: { crm: string; id: string },
  options: InputOptions,
): Promise<FoundLead | null> {
  const { rows } = await sql<{ id: number; next_change_at: Date | null; status: string | null }>`
    with recursive chain as (
      select r.* from leadgrade.records r where r.crm = ${key.crm} and r.id = ${key.id}
      union
      select r.* from chain c join leadgrade.records r
        on r.crm = c.crm and r.object = coalesce(c.merged_into_object, c.object) and r.id = c.merged_into
      where c.state = 'merged'
    )
    select l.id, l.next_change_at, s.status
    from chain c join leadgrade.leads l on l.id = c.lead_id left join leadgrade.results s on s.id = l.result_id
    where c.state = 'live' limit 1`.execute(db);
  const lead = rows[0];
  if (!lead) return null;
  const input = (await loadInputs(db, [lead.id], options)).get(lead.id);
  const parts = { records: input?.records ?? [], activities: input?.activities ?? [] };
  return { id: lead.id, ...parts, nextChangeAt: lead.next_change_at, status: lead.status };
}

/**
 * The next leads in the order of their ids, those without a record that is scored included.
 * @param page.after the id of the last lead of the page before; 0 = the first page
 */
export async function pageOfLeads(
  db: Kysely<Tables>,
  page: { readonly after: number; readonly limit: number },
  options: InputOptions,
): Promise<readonly FoundLead[]> {
  const { rows } = await sql<{ id: number; next_change_at: Date | null; status: string | null }>`
    select l.id, l.next_change_at, s.status
    from leadgrade.leads l left join leadgrade.results s on s.id = l.result_id
    where l.id > ${page.after} order by l.id limit ${page.limit}`.execute(db);
  const ids = rows.map(({ id }) => id);
  const inputs = await loadInputs(db, ids, options);
  return rows.map(({ id, next_change_at, status }) => {
    const input = inputs.get(id);
    const parts = { records: input?.records ?? [], activities: input?.activities ?? [] };
    return { id, ...parts, nextChangeAt: next_change_at, status };
  });
}

/** The other live records of the same person. */
export async function recordsOfSameLead(
  db: Kysely<Tables>,
  { crm, id }: { crm: string; id: string },
): Promise<readonly { readonly crm: string; readonly id: string }[]> {
  const { rows } = await sql<{ crm: string; id: string }>`
    select distinct other.crm, other.id from leadgrade.records r
    join leadgrade.records other on other.lead_id = r.lead_id and other.state = 'live' and (other.crm, other.id) <> (r.crm, r.id)
    where r.crm = ${crm} and r.id = ${id} order by other.crm, other.id`.execute(db);
  return rows;
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
  /** `name@version` */
  readonly model: string;
  /** The name of the model in its set; null = the first one. */
  readonly model_key: string | null;
  readonly model_hash: string;
  /** Several models were used under that name. */
  readonly is_ambiguous: boolean;
}

/** The latest results of a lead, newest first. */
export async function historyOf(db: Kysely<Tables>, leadId: number, limit: number): Promise<readonly PastResult[]> {
  return db
    .selectFrom('results')
    .innerJoin('models', 'models.hash', 'results.model_hash')
    .select(['results.id', 'as_of', 'cause', 'grade', 'fit_score', 'behavior_score', 'total', 'status'])
    .select(['previous_status', 'models.name as model', 'results.model as model_key', 'model_hash'])
    .select(
      sql<boolean>`(select count(*) > 1 from leadgrade.models other where other.name = models.name)`.as('is_ambiguous'),
    )
    .where('lead_id', '=', leadId)
    .orderBy('results.id', 'desc')
    .limit(limit)
    .execute();
}
