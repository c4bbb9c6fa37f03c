// The stored inputs of a scoring: the records of leads and their activities.
import { type Kysely, sql } from 'kysely';
import type { Activity, Fields } from '../../domain/lead.ts';
import type { ScoreFieldValues } from '../../domain/score-fields.ts';
import { SITE_EVENTS_STREAM } from '../../domain/site-event.ts';
import type { Tables } from '../tables/tables.ts';

/** A record of a lead in one CRM, with the present values of the score fields. */
export interface DueRecord {
  readonly crm: string;
  readonly object: string;
  readonly id: string;
  readonly fields: Fields;
  readonly crm_values: ScoreFieldValues;
  readonly last_written_values: ScoreFieldValues | null;
  readonly synced_result_id: number | null;
}

export interface DueActivity extends Activity {
  readonly crm: string;
  /** It comes from the team's own site or product (`POST /events`), from no CRM. */
  readonly isFromSite: boolean;
}

type OfLead<T> = T & { readonly lead_id: number };

/**
 * Loads the live records of these leads that were read, of the CRMs `crms`, and the activities of
 * these records. Activities on the team's own site count whichever record they are stored with.
 */
export async function recordsAndActivities(
  db: Kysely<Tables>,
  leadIds: readonly number[],
  crms: readonly string[],
): Promise<{ records: readonly OfLead<DueRecord>[]; activities: readonly OfLead<DueActivity>[] }> {
  const isOfLead = sql`r.lead_id = any(${leadIds}::bigint[])`;
  const isScored = sql`r.state = 'live' and r.read_at is not null and r.crm = any(${crms}::text[])`;
  const { rows: records } = await sql<OfLead<DueRecord>>`
    select lead_id, crm, object, id, fields, crm_values, last_written_values, synced_result_id from leadgrade.records r
    where ${isOfLead} and ${isScored} order by crm, object, id`.execute(db);
  const { rows: activities } = await sql<OfLead<DueActivity>>`
    select a.lead_id, a.crm, a.id, a.type, (extract(epoch from a.at) * 1000)::double precision as at, a.attributes,
      a.stream = ${SITE_EVENTS_STREAM} as "isFromSite"
    from leadgrade.activities a
    join leadgrade.records r on r.crm = a.crm and r.object = a.object and r.id = a.record_id
      and ${isOfLead} and (${isScored} or a.stream = ${SITE_EVENTS_STREAM} and r.state <> 'merged' and r.erased_at is null)
    where a.lead_id = any(${leadIds}::bigint[]) and a.gone_at is null
    order by a.at, a.id`.execute(db);
  return { records, activities };
}
