// The stored links of records, to compare them with the CRM.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { RecordRef, StoredLinks } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

/** The links of live records behind `after`, ordered by object and id. */
export async function pageOfLinks(
  db: Kysely<Tables>,
  page: { crm: string; after: RecordRef | null; limit: number },
): Promise<readonly StoredLinks[]> {
  const after = page.after ?? { object: '', id: '' };
  return selectLinks(
    db,
    page.crm,
    sql`r.state = 'live' and (r.object, r.id) > (${after.object}, ${after.id}) order by r.object, r.id limit ${page.limit}`,
  );
}

/** The links of those of the records that are stored as deleted or merged. */
export async function linksOfDeleted(
  db: Kysely<Tables>,
  crm: string,
  refs: readonly RecordRef[],
): Promise<readonly StoredLinks[]> {
  const isOne = sql`(r.object, r.id) in (select t.object, t.id from ${jsonRows(refs)} as t (object text, id text))`;
  return selectLinks(db, crm, sql`r.state <> 'live' and r.read_at is not null and ${isOne}`);
}

async function selectLinks(
  db: Kysely<Tables>,
  crm: string,
  condition: RawBuilder<unknown>,
): Promise<readonly StoredLinks[]> {
  const { rows } = await sql<{
    object: string;
    id: string;
    company_id: string | null;
    activity_ids: readonly string[];
    outcome_ids: readonly string[];
  }>`
    select r.object, r.id, r.company_id,
      coalesce((
        select jsonb_agg(a.id) from leadgrade.activities a
        where a.crm = r.crm and a.object = r.object and a.record_id = r.id and a.gone_at is null
      ), '[]') as activity_ids,
      coalesce((
        select jsonb_agg(o.id) from leadgrade.deal_outcomes o
        where o.crm = r.crm and o.object = r.object and o.record_id = r.id and o.gone_at is null
      ), '[]') as outcome_ids
    from leadgrade.records r
    where r.crm = ${crm} and ${condition}`.execute(db);
  return rows.map(({ object, id, company_id, activity_ids, outcome_ids }) => ({
    ref: { object, id },
    companyId: company_id,
    activityIds: activity_ids,
    outcomeIds: outcome_ids,
  }));
}
