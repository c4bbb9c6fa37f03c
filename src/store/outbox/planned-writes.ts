// The results of a dry run: the scores of all leads, and the writes that would follow.
import { type Kysely, sql } from 'kysely';
import type { Grade } from '../../domain/score-result.ts';
import { CURRENT_RESULT_ID } from '../models/other-results.ts';
import type { Tables } from '../tables/tables.ts';

export interface BandCount {
  readonly status: string;
  readonly grade: Grade;
  readonly leads: number;
}

/** Number of leads by status and grade. */
export async function countByBand(db: Kysely<Tables>): Promise<readonly BandCount[]> {
  const { rows } = await sql<BandCount>`
    select r.status, r.grade, count(*)::integer as leads
    from leadgrade.leads l join leadgrade.results r on r.id = l.result_id group by r.status, r.grade`.execute(db);
  return rows;
}

export interface PlannedWrites {
  readonly crm: string;
  /** Live records. */
  readonly records: number;
  /** Live records whose lead has a score. */
  readonly scored: number;
  /** Live records that would be written. */
  readonly writes: number;
  /** Records among `writes` that are out of scope: their score fields would be cleared. */
  readonly clears: number;
}

/** @param crms the CRMs that are set up */
export async function plannedWrites(db: Kysely<Tables>, crms: readonly string[]): Promise<readonly PlannedWrites[]> {
  const { rows } = await sql<PlannedWrites>`
    select r.crm, count(*)::integer as records, (count(*) filter (where ${CURRENT_RESULT_ID} is not null))::integer as scored,
      count(o.record_id)::integer as writes,
      (count(o.record_id) filter (where o.result_id is null))::integer as clears
    from leadgrade.records r
    join leadgrade.leads l on l.id = r.lead_id
    left join leadgrade.outbox o on o.crm = r.crm and o.object = r.object and o.record_id = r.id
    where r.state = 'live' and r.crm = any(${crms}::text[]) group by r.crm order by r.crm`.execute(db);
  return rows;
}

export interface PlannedScore {
  readonly crm: string;
  readonly id: string;
  readonly grade: Grade;
  readonly fit_score: number;
  readonly behavior_score: number;
  readonly total: number;
  readonly status: string;
  /** Null if the record is in sync already, or the mapping has no field for the explanation. */
  readonly explanation: string | null;
}

const SCORES = sql`
  select r.crm, r.id, s.grade, s.fit_score, s.behavior_score, s.total, s.status,
    o.patch ->> 'explanation' as explanation
  from leadgrade.records r
  join leadgrade.leads l on l.id = r.lead_id
  join leadgrade.results s on s.id = l.result_id
  left join leadgrade.outbox o on o.crm = r.crm and o.object = r.object and o.record_id = r.id
  where r.state = 'live'`;

/** The records with the highest totals. */
export async function highestScores(db: Kysely<Tables>, limit: number): Promise<readonly PlannedScore[]> {
  const page = sql<PlannedScore>`${SCORES} order by s.total desc, r.crm, r.id limit ${limit}`;
  return (await page.execute(db)).rows;
}

/** Live records with a score behind `after`, ordered by CRM and id. */
export async function pageOfScores(
  db: Kysely<Tables>,
  { after, limit }: { after: Pick<PlannedScore, 'crm' | 'id'> | null; limit: number },
): Promise<readonly PlannedScore[]> {
  const { crm, id } = after ?? { crm: '', id: '' };
  const page = sql<PlannedScore>`${SCORES} and (r.crm, r.id) > (${crm}, ${id}) order by r.crm, r.id limit ${limit}`;
  return (await page.execute(db)).rows;
}
