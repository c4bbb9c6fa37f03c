// Finds a lead by its record in a CRM, or all leads page by page, for commands.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';
import type { DueLead, PreviousResult } from './due-leads.ts';
import { type InputOptions, loadInputs } from './input/scoring-input.ts';

export interface FoundLead extends Pick<DueLead, 'id' | 'records' | 'activities'> {
  readonly nextChangeAt: Date | null;
  /** The present result; hysteresis and held thresholds depend on it. */
  readonly previous: Omit<PreviousResult, 'id' | 'grade' | 'contributions'> | null;
}

/** The columns of the result are null where the lead has none. */
interface FoundRow extends NonNullable<FoundLead['previous']> {
  readonly id: number;
  readonly next_change_at: Date | null;
}

function previousOf({ model_hash, status, fit_score, behavior_score, thresholds }: FoundRow): FoundLead['previous'] {
  return status === null ? null : { model_hash, status, fit_score, behavior_score, thresholds };
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
  const { rows } = await sql<FoundRow>`
    with recursive chain as (
      select r.* from leadgrade.records r where r.crm = ${key.crm} and r.id = ${key.id}
      union
      select r.* from chain c join leadgrade.records r
        on r.crm = c.crm and r.object = coalesce(c.merged_into_object, c.object) and r.id = c.merged_into
      where c.state = 'merged'
    )
    select l.id, l.next_change_at, s.model_hash, s.status, s.fit_score, s.behavior_score, s.thresholds
    from chain c join leadgrade.leads l on l.id = c.lead_id left join leadgrade.results s on s.id = l.result_id
    where c.state = 'live' limit 1`.execute(db);
  const lead = rows[0];
  if (!lead) return null;
  const input = (await loadInputs(db, [lead.id], options)).get(lead.id);
  const parts = { records: input?.records ?? [], activities: input?.activities ?? [] };
  return { id: lead.id, ...parts, nextChangeAt: lead.next_change_at, previous: previousOf(lead) };
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
  const { rows } = await sql<FoundRow>`
    select l.id, l.next_change_at, s.model_hash, s.status, s.fit_score, s.behavior_score, s.thresholds
    from leadgrade.leads l left join leadgrade.results s on s.id = l.result_id
    where l.id > ${page.after} order by l.id limit ${page.limit}`.execute(db);
  const ids = rows.map(({ id }) => id);
  const inputs = await loadInputs(db, ids, options);
  return rows.map((row) => {
    const { id, next_change_at } = row;
    const input = inputs.get(id);
    const parts = { records: input?.records ?? [], activities: input?.activities ?? [] };
    return { id, ...parts, nextChangeAt: next_change_at, previous: previousOf(row) };
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

/** The number of leads with a score, and the number of the last stored result. */
export async function lastResult(
  db: Kysely<Tables>,
): Promise<{ readonly leads: number; readonly newest_result: number }> {
  const { rows } = await sql<{ leads: number; newest_result: number }>`
    select (select count(*) from leadgrade.leads where result_id is not null) as leads,
      (select coalesce(max(id), 0) from leadgrade.results) as newest_result`.execute(db);
  return rows[0] ?? { leads: 0, newest_result: 0 };
}

/** @param newest the number of a result @returns how many of the first model were stored after it */
export async function countResultsAfter(db: Kysely<Tables>, newest: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from leadgrade.results where id > ${newest} and model is null`.execute(db);
  return rows[0]?.count ?? 0;
}
