// What a dry run has found out: how everybody is scored, and what would be written.
import { type Kysely, sql } from 'kysely';
import type { Grade } from '../../domain/score-result.ts';
import type { Tables } from '../tables/tables.ts';

export interface BandCount {
  readonly status: string;
  readonly grade: Grade;
  readonly leads: number;
}

/** Leads by status and grade. */
export async function countByBand(db: Kysely<Tables>): Promise<readonly BandCount[]> {
  const { rows } = await sql<BandCount>`
    select r.status, r.grade, count(*)::integer as leads
    from leadgrade.leads l join leadgrade.results r on r.id = l.result_id group by r.status, r.grade`.execute(db);
  return rows;
}

export interface PlannedWrites {
  readonly crm: string;
  /** Records that are there. */
  readonly records: number;
  /** Records whose lead has a score. */
  readonly scored: number;
  /** Of all, those that would be written. */
  readonly writes: number;
  /** Of these, the ones out of scope whose fields of ours would be emptied. */
  readonly clears: number;
}

/** Of the CRMs that are set up. */
export async function plannedWrites(db: Kysely<Tables>, crms: readonly string[]): Promise<readonly PlannedWrites[]> {
  const { rows } = await sql<PlannedWrites>`
    select r.crm, count(*)::integer as records, count(l.result_id)::integer as scored,
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
  /** Null where the record holds all of it already, or the mapping keeps no explanation. */
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

/** Records with a score, in the order of their ids, behind `after`. */
export async function pageOfScores(
  db: Kysely<Tables>,
  { after, limit }: { after: Pick<PlannedScore, 'crm' | 'id'> | null; limit: number },
): Promise<readonly PlannedScore[]> {
  const { crm, id } = after ?? { crm: '', id: '' };
  const page = sql<PlannedScore>`${SCORES} and (r.crm, r.id) > (${crm}, ${id}) order by r.crm, r.id limit ${limit}`;
  return (await page.execute(db)).rows;
}
